"""XTTS's vocoder: from latents to samples."""
