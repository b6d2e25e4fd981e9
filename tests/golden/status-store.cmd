status examples/ddos.nfz
