plan --topology topologies/line.json
