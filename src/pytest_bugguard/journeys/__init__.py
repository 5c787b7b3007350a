"""The order of steps, each journey a recipe."""
