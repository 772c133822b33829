"""`POST /v1/audio/speech`: text to speech in six formats."""
