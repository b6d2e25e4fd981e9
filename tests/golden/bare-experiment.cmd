a,b
