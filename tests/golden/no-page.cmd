view nosuch.html
