plan --topology topologies/broken-end.rspec
