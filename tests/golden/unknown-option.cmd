plan --colector x a/b
