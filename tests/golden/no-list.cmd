strip --from-list topologies/none.list
