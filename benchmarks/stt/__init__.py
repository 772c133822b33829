"""Speech to text: latency, word errors and resource use."""
