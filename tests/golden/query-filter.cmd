query netsec/dumbbell node client1 and packets >
