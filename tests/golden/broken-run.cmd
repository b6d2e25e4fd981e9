plan --topology topologies/broken-run.ns
