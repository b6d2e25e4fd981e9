plan --topology topologies/shaped-lan.ns
