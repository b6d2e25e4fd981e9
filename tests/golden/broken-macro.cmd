plan --topology topologies/broken-macro.ns
