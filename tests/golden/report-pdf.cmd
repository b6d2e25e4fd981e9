report examples/ddos.nfz -o run.PDF
