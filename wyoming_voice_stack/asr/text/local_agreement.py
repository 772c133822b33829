"""Words that can be shown while somebody still speaks.

Local agreement: a word is sent once two successive guesses have it at the same place, with all
words before it (Liu, Spanakis and Niehues 2020, "Low-Latency Sequence-to-Sequence Speech
Recognition and Translation by Partial Hypothesis Selection"; Machacek, Dabre and Bojar 2023,
"Turning Whisper into Real-Time Transcription System").
"""

from __future__ import annotations

from collections.abc import Sequence

from wyoming_voice_stack.asr.text.joining import UNSPACED_LANGUAGES


class LocalAgreement:
    """Sees one guess after another at the same growing text, and tells what is new and stable."""

    def __init__(self) -> None:
        self._sent = 0
        self._last: Sequence[str] = ()

    def add(self, text: str, language: str | None) -> str:
        """Take a guess.

        Returns:
            What may be sent now, beginning with its blank; empty when nothing is.
        """
        words = _words(text, language)
        agreed = self._sent
        while agreed < min(len(words), len(self._last)) and _same(
            words[agreed], self._last[agreed]
        ):
            agreed += 1
        self._last = words
        return self._send(words[self._sent : agreed])

    def finish(self, text: str, language: str | None) -> str:
        """Take the final text.

        Returns:
            What of it was not sent yet.
        """
        return self._send(_words(text, language)[self._sent :])

    def _send(self, words: Sequence[str]) -> str:
        new = "".join(words)
        if not self._sent:
            new = new.lstrip()
        self._sent += len(words)
        return new


def _words(text: str, language: str | None) -> list[str]:
    """Words with the blank before them; signs where no blanks are written."""
    if language in UNSPACED_LANGUAGES:
        return list(text)
    return [f" {word}" for word in text.split()]


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    """Without what a longer guess may still change: the case and the signs around it."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())
