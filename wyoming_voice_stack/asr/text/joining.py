"""Joining the texts of successive spans of speech."""

from __future__ import annotations

from collections.abc import Sequence

UNSPACED_LANGUAGES = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Whisper's codes of the languages that are written without spaces between words."""


def join_texts(parts: Sequence[str], language: str | None) -> str:
    """Join successive texts with the spacing of their language.

    Returns:
        The joined text; empty if it holds only punctuation.
    """
    separator = "" if language in UNSPACED_LANGUAGES else " "
    # Whisper's output ends in a replacement character when it is cut inside a character.
    text = " ".join(separator.join(parts).replace("\ufffd", "").split())
    return text if any(character.isalnum() for character in text) else ""
