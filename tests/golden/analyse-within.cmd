analyse netsec/dumbbell hops --last 5m --from 20:40
