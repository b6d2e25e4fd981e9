recipe check recipes/tcpdump.recipe
