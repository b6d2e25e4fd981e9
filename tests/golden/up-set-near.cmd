up --set idel=2s a/b
