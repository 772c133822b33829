"""XTTS v2: its own weights, in a decoder that speaks many sentences at once."""
