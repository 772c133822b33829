"""Coqui's VITS models."""
