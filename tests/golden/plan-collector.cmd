plan --topology topologies/dumbbell.ns --collector server2 -q
