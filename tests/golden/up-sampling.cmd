up --set sampling=10 a/b
