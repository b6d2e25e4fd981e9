strip a/b --deployment 12
