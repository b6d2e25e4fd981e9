plan --topology topologies/dumbbell.ns
