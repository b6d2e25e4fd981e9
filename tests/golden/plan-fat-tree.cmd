plan --topology topologies/fat-tree.ns
