watch x/y bytes > 10m -o json
