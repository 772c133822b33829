"""XTTS's vocoder: turns latents into samples."""
