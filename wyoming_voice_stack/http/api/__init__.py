"""The OpenAI-compatible API; nothing of it is imported before its first request."""
