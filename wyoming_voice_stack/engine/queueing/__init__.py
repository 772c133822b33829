"""Jobs, which of them is next, and how long a new one would wait."""
