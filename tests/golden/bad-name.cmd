plan a/b;reboot
