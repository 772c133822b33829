"""Text as it arrives: cleaned, cut into sentences, fitted to an engine's limits."""
