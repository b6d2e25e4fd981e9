plan --heavy --topology topologies/dumbbell.ns
