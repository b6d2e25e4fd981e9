strip a/b c/d
