"""Verbalization of addresses, codes and identifiers."""
