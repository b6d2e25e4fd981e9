plan --topology topologies/dumbbell.ns --objective count -o json -q
