plan --topology topologies/none.ns
