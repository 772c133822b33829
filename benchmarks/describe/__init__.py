"""Latency of `describe` under load."""
