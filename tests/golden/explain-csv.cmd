explain NFZ-E201 -o csv
