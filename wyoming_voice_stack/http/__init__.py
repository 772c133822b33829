"""The HTTP front end: health, readiness, metrics; the OpenAI-compatible API, built on first use."""
