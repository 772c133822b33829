"""What is known of a language: its words and its CLDR data."""
