recipe show recipes/softflowd.recipe
