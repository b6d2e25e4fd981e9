query examples/ddos.nfz --by link --limit 3 -o csv
