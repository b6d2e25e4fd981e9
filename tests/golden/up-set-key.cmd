up --set r1:colour=red a/b
