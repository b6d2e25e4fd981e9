strip a/b --project a
