plan a/b --topology topologies/line.ns
