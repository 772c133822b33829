"""Text processing: cuts a stream into sentences, cleans them and fits them to an engine's limit."""
