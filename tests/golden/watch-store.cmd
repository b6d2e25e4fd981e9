watch examples/ddos.nfz
