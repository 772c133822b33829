"""The attacks, by kind, and the list of all."""
