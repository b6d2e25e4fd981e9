plan --topology topologies/broken-name.ns
