"""What one hostile client can do to a Wyoming server, and what others notice of it."""
