plan --light --heavy --topology topologies/dumbbell.ns
