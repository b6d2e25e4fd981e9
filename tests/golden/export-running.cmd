export class/hw1 --into sqlite:HOME/x
