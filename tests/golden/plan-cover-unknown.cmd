plan --topology topologies/dumbbell.ns --cover everything
