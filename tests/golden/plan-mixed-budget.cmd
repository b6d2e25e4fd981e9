plan --mixed --topology topologies/dumbbell.ns --budget 2
