plan --topology topologies/line.ns --out /dev/full -q
