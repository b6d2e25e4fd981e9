plan --topology topologies/line.ns -o ndjson
