plan --heavy --diff --topology topologies/line.json
