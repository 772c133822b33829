"""Which reply computes the next chunk of audio, and how long that chunk is."""
