recipe run nosuch a/b
