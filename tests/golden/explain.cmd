explain NFZ-E101
