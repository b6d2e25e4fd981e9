plan --mixed --avoid left,client1 --topology topologies/dumbbell.ns
