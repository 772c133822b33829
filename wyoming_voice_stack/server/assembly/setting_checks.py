"""Checks of settings whose allowed values depend on the model; they run before the port is opened."""

from __future__ import annotations
