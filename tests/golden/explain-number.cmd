explain 101
