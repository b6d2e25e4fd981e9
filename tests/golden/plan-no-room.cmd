plan --topology topologies/petersen.gr --objective count --max-ifaces 1
