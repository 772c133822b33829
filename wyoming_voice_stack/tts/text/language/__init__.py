"""Language detection and language tags."""
