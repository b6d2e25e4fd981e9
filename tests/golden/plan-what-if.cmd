plan --topology topologies/dumbbell.ns --forced --what-if +avoid left --what-if +require client1 -require left
