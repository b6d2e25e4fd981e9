up --heavy demo/dumbbell
