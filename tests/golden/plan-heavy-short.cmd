plan --heavy --free pc3000=2 --topology topologies/dumbbell.ns
