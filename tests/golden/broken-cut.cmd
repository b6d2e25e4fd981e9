plan --topology topologies/broken-cut.gr
