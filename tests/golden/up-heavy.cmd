up --heavy --topology topologies/line.json
