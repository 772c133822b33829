"""Decoding of speech with Whisper: windows, passes, confidence, and names in the prompt."""
