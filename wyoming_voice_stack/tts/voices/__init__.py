"""The voices folder and the cache of synthesized sentences."""
