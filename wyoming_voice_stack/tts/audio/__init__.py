"""What happens to samples between an engine and a client: pauses, loudness, and no clicks."""
