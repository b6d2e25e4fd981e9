watch x/y
