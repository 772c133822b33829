"""Audio formats: encoding, decoding and sample rates of streams. Plain and blocking."""
