"""The texts of the page, from a file of one language."""

from __future__ import annotations

import json
from typing import Any

SERVER = "server"
"""Group of the translations of what the server says; there is none in English."""


def texts_of(content: str) -> dict[str, str]:
    """Return the page's own texts by key, such as `voices.name`."""
    words = json.loads(content)
    words.pop(SERVER, None)
    return dict(_flat(words))


def phrases_of(content: str) -> dict[str, str]:
    """Return the translations of the server's sentences, by how a sentence begins."""
    return dict(json.loads(content)[SERVER])


def _flat(words: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in words.items():
        inside = _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else None
        found += [(prefix + name, value)] if inside is None else inside
    return found
