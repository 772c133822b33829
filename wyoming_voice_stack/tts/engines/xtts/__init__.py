"""XTTS v2: coqui-tts's weights in a decoder with continuous batching."""
