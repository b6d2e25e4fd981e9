list a/b --older-than soon
