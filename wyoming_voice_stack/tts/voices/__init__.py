"""The voices of a service: the catalogue, the recordings in the voices folder, and their cloning ahead of requests."""
