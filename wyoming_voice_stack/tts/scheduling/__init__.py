"""Which reply gets the next piece of audio, and how long that piece is."""
