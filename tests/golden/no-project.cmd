status dumbbell
