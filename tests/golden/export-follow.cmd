export examples/ddos.nfz --into nf9://127.0.0.1:9 --follow
