"""Speech to text over HTTP: transcriptions and translations of uploaded files."""
