plan --heavy --diff --delay-os UBUNTU-DELAY --topology topologies/line.ns
