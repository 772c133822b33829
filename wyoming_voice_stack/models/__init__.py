"""Resolves a model reference to verified files on disk."""
