"""The least that a Piper voice costs, without a server."""
