up class/hw1 --set default
