strip --nodes a,b
