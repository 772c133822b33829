"""Verbalization of units and amounts of money."""
