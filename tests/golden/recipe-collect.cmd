recipe show recipes/tcpdump.recipe -o json
