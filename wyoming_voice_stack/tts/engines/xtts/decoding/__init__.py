"""XTTS's transformer: from text to audio tokens, many sentences at once."""
