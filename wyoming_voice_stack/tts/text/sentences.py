"""From a stream of text to sentences that an engine can speak, as early as possible."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.cleaning import clean_text, finalize_sentence
from wyoming_voice_stack.tts.text.fitting import split_to_fit
from wyoming_voice_stack.tts.text.scanner import Scanner

MIN_CHARACTERS = 2
"""One letter and its full stop."""
FIRST_CLAUSE_CHARACTERS = 25
"""Two seconds of sound, while which the rest of the sentence comes. Less sounds chopped."""


class SentenceStream:
    """Takes text in any cuts and gives sentences that do not depend on the cuts.

    A sentence comes out as soon as the next one has begun. At most
    `scanner.MAX_HELD_CHARACTERS` are held back.
    """

    def __init__(self, max_characters: int) -> None:
        """Take the greatest length of a sentence.

        Raises:
            ValueError: `max_characters` is less than `MIN_CHARACTERS`.
        """
        if max_characters < MIN_CHARACTERS:
            raise ValueError(f"max_characters is {max_characters}; give {MIN_CHARACTERS} or more")
        self._max_characters = max_characters
        self._scanner = Scanner(long_characters=max_characters)
        self._finished = False

    def push(self, delta: str) -> list[str]:
        """Return the sentences that are certainly complete with `delta`."""
        self._refuse_if_finished()
        return self._spoken(self._scanner.push(delta))

    def first_clause(self) -> str | None:
        """Take the beginning of the sentence that is still coming, up to a clause of a fair length.

        For the first sentence of a reply: it sounds that much earlier.
        """
        self._refuse_if_finished()
        return clean_text(self._scanner.cut_clause(FIRST_CLAUSE_CHARACTERS)) or None

    def finish(self) -> list[str]:
        """Return the rest. The stream takes nothing more."""
        self._refuse_if_finished()
        self._finished = True
        return self._spoken(self._scanner.finish())

    def _refuse_if_finished(self) -> None:
        if self._finished:
            raise RuntimeError("the sentence stream is finished; make a new one for the next text")

    def _spoken(self, pieces: list[str]) -> list[str]:
        limit = self._max_characters
        return [sentence for piece in pieces for sentence in fit(clean_text(piece), limit)]


def fit(sentence: str, max_characters: int) -> list[str]:
    """Return a clean_text sentence in parts of at most `max_characters`, each ready to be spoken."""
    if len(sentence) <= max_characters:
        return [sentence] if sentence else []
    room_for_full_stop = 1
    parts = split_to_fit(sentence, max_characters - room_for_full_stop)
    return [ready for part in parts if (ready := finalize_sentence(part))]
