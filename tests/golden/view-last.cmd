view netsec/dumbbell --last soon
