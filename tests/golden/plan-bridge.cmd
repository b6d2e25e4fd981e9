plan --topology topologies/bridge.rspec
