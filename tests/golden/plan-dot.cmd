plan --topology topologies/dumbbell.ns --dot -
