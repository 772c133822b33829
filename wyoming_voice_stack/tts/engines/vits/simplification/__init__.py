"""Rewriting the text half of a VITS graph with fewer nodes that give the same result."""
