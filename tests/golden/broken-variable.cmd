plan --topology topologies/broken-variable.ns
