"""Kokoro-82M: natural voices in seven languages, on the CPU."""
