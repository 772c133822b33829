"""XTTS v2, through the stock coqui-tts decoder."""
