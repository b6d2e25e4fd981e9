status a/b c
