"""Processing of transcribed text: stable partial text, joining, and name correction."""
