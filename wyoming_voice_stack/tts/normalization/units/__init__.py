"""Units and money in words."""
