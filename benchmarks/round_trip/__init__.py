"""Text to speech and back to text: is every word spoken, and spoken once."""
