"""The world: git, files, pytest, the environment."""
