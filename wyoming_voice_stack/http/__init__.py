"""The HTTP front end: health, readiness and metrics."""
