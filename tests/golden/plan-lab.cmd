plan --topology topologies/lab.clab.yml
