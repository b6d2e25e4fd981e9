query topologies -n 1
