plan --topology topologies/dumbbell.ns --avoid client1,left
