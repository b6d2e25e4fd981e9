plan --topology topologies/fat-tree.ns --cover paths --dedupe path -q
