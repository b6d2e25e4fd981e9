plan --topology topologies/dumbbell.ns --objective cost
