plan --topology topologies/dumbbell.ns --select no-such-file
