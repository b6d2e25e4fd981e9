query netsec/dumbbell --by sourc
