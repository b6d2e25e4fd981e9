plan --topology topologies/dumbbell.ns --coverage 60%
