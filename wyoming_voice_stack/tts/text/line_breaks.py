"""Decides whether a line without an end mark is a sentence, or goes on in the next line."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.tts.text.punctuation import (
    CLAUSE_MARKS,
    EMPHASIS_MARKS,
    WIDE_CLAUSE_MARKS,
    is_wide,
)

MAX_LINE_CHARACTERS = 50
"""Texts are wrapped at 60 characters or more, so a shorter line ends where its author wanted."""
MAX_WIDE_CHARACTERS = 25
"""The same for Chinese and Japanese, whose characters are twice as wide."""
_CONTINUES = frozenset(CLAUSE_MARKS + WIDE_CLAUSE_MARKS + "-&+/([{\u201e\u00bf\u00a1")
_CONNECTING = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "und",
        "oder",
        "am",
        "im",
        "vom",
        "zum",
        "zur",
        "le",
        "la",
        "les",
        "un",
        "une",
        "des",
        "du",
        "de",
        "et",
        "ou",
        "el",
        "los",
        "las",
        "una",
        "y",
        "o",
        "il",
        "lo",
        "gli",
        "di",
        "e",
        "het",
        "een",
        "en",
        "van",
        "da",
        "do",
    ]
)
"""Words that the next line must complete."""


@dataclass(frozen=True)
class UnmarkedLine:
    """The end of a line without an end mark."""

    text: str
    """The line, or what is not cut off yet."""
    characters: int
    """Length of the whole line."""
    is_listed: bool
    """Whether it is one of several lines behind a colon."""

    @property
    def is_short(self) -> bool:
        """Whether the line was not wrapped."""
        text = self.text.rstrip(EMPHASIS_MARKS + " ")
        limit = MAX_WIDE_CHARACTERS if is_wide(text[-1:]) else MAX_LINE_CHARACTERS
        return self.characters <= limit

    def ends_before(self, following: str) -> bool:
        """Return whether a sentence ends before a line that begins with the character `following`."""
        text = self.text.rstrip(EMPHASIS_MARKS + " ")
        words = text.split()
        if not words or text[-1] in _CONTINUES or not self.is_short:
            return False
        if words[-1].lower() in _CONNECTING or not following.isalnum():
            return False
        if self.is_listed or following.isupper() or following.isdigit():
            return True
        return not following.islower() and _has_no_case(text)


def _has_no_case(text: str) -> bool:
    letter = next((character for character in reversed(text) if character.isalpha()), "a")
    return letter.lower() == letter.upper()
