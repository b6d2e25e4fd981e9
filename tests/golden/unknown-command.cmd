pln a/b
