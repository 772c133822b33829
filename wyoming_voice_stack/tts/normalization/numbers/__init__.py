"""Verbalization of numbers, signs and ordinals."""
