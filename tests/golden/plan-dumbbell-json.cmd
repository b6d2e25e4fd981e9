plan --topology topologies/dumbbell.ns -o json
