plan --topology topologies/dumbbell.ns --objective count --budget 1
