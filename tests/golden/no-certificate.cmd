status a/b
