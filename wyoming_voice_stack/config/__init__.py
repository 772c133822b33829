"""All settings and where they are read from."""
