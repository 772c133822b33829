"""Voice activity detection: where speech starts and ends."""
