watch netsec/dumbbell port 99999
