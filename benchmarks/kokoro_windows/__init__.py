"""What windows change in the speech of Kokoro, without a server."""
