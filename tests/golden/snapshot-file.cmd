snapshot --project x a/b
