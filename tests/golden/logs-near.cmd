logs --topology topologies/dumbbell.ns lefft
