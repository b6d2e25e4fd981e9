plan --topology topologies/dumbbell.ns --redundancy 2 --avoid client1 -q
