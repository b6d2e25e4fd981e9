up --set sampling=every:3 a/b
