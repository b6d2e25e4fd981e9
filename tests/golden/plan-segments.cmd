plan --topology topologies/dumbbell.ns --cover segments -q
