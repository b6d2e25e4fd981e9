plan --topology topologies/virtual.json
