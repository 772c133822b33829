"""Transcribed text: what is stable, how parts join, and corrected names."""
