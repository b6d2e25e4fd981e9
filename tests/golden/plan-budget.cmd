plan --topology topologies/petersen.gr --objective count --budget 4
