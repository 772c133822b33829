"""Full stops that do not end a sentence."""
