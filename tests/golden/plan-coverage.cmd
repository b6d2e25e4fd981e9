plan --topology topologies/fat-tree.ns --coverage 75%
