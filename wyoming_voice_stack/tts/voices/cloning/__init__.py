"""Voices cloned from recordings: found in a folder, assessed, and remembered."""
