"""Audio processing between an engine and a client: silence, pauses, loudness, fades and limiting."""
