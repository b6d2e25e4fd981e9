recipe check topologies/none.recipe
