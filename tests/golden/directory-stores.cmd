query examples -n 1
