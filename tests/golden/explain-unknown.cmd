explain NFZ-X
