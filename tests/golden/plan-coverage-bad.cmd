plan --topology topologies/dumbbell.ns --coverage many
