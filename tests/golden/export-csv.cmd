export examples/ddos.nfz --into flows.csv
