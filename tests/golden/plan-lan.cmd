plan --topology topologies/star-lan.ns
