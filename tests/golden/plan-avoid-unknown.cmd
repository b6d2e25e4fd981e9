plan --topology topologies/dumbbell.ns --avoid nobody
