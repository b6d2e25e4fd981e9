plan --topology topologies/dumbbell.ns --gap much
