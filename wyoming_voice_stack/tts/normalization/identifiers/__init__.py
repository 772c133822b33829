"""Addresses, codes and names of programs in words."""
