"""The OpenAI-compatible API compared with Wyoming."""
