plan --topology topologies/star-lan.ns --max-ifaces 1
