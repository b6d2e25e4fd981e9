plan --topology topologies/petersen.gr --objective count --require 1,2,3 --budget 2 -o json
