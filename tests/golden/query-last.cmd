query netsec/dumbbell --last soon
