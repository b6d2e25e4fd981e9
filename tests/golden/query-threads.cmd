query --threads 3 examples/ddos.nfz --by proto -o csv
