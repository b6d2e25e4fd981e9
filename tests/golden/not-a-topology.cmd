plan --topology README.md
