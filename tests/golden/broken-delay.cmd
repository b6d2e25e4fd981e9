plan --topology topologies/broken-delay.ns
