"""The web page of a server: its files, and the API that it uses itself."""
