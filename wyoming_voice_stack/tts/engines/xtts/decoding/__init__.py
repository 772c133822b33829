"""XTTS's transformer: turns text into audio tokens, for several sentences at once."""
