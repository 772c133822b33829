"""Text to speech: latency, speed, gaps and resource use."""
