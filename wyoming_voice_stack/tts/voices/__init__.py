"""The voices of a service: catalogue, recordings in the voices folder, and cached sentences."""
