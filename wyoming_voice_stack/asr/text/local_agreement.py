"""Words of partial texts that are stable enough to show while the user is still speaking.

Local agreement: a word is stable once two successive partial texts have it at the same position, along
with all words before it (Liu, Spanakis and Niehues 2020, "Low-Latency Sequence-to-Sequence Speech
Recognition and Translation by Partial Hypothesis Selection"; Machacek, Dabre and Bojar 2023,
"Turning Whisper into Real-Time Transcription System").
"""

from __future__ import annotations

from collections.abc import Sequence

from wyoming_voice_stack.asr.text.joining import UNSPACED_LANGUAGES


class LocalAgreement:
    """Compares successive partial texts of one utterance and returns each word once it is stable."""

    def __init__(self) -> None:
        self._returned = 0
        self._last: Sequence[str] = ()

    def add(self, text: str, language: str | None) -> str:
        """Add a partial text.

        Returns:
            The words that are now stable, with leading spaces; empty if there are none.
        """
        words = _words(text, language)
        agreed = self._returned
        while agreed < min(len(words), len(self._last)) and _same(
            words[agreed], self._last[agreed]
        ):
            agreed += 1
        self._last = words
        return self._return(words[self._returned : agreed])

    def finish(self, text: str, language: str | None) -> str:
        """Add the final text.

        Returns:
            The part that was not returned before.
        """
        return self._return(_words(text, language)[self._returned :])

    def _return(self, words: Sequence[str]) -> str:
        new = "".join(words)
        if not self._returned:
            new = new.lstrip()
        self._returned += len(words)
        return new


def _words(text: str, language: str | None) -> list[str]:
    """Split into words with a leading space, or into characters if the language has no spaces."""
    if language in UNSPACED_LANGUAGES:
        return list(text)
    return [f" {word}" for word in text.split()]


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    """Remove case and punctuation, which a longer text may still change."""
    return "".join(character for character in word.casefold() if character.isalnum())
