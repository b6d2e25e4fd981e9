fetch --topology topologies/line.ns -o csv
