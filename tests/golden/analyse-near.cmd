analyse losess examples/ddos.nfz
