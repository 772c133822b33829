"""The sections of the page that some servers have."""
