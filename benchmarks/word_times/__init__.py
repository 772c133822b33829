"""How exactly the times of words are found."""
