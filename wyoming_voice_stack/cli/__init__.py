"""The `wyoming-voice-stack` command and what only it needs."""
