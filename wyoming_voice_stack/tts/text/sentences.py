"""Streams sentences that an engine can speak, as early as possible."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.cleaning import clean_text, finalize_sentence
from wyoming_voice_stack.tts.text.fitting import split_to_fit
from wyoming_voice_stack.tts.text.scanner import Scanner

MIN_CHARACTERS = 2
"""One letter and a full stop."""
FIRST_CLAUSE_CHARACTERS = 25
"""About two seconds of audio, which gives the rest of the sentence time to arrive. Shorter first
clauses sound choppy."""


class SentenceStream:
    """Turns text deltas into sentences; the deltas' boundaries do not affect the sentences.

    A sentence is returned as soon as the next one begins. At most `scanner.MAX_HELD_CHARACTERS`
    are held back.
    """

    def __init__(self, long_characters: int) -> None:
        """In a sentence longer than `long_characters`, a lower case letter may begin the next one.

        `fit` splits what is too long for an engine, after normalization, which makes text longer.
        """
        self._scanner = Scanner(long_characters)
        self._finished = False

    def push(self, delta: str) -> list[str]:
        """Take more text and return the sentences that are certain to be complete."""
        self._check_not_finished()
        return _cleaned(self._scanner.push(delta))

    @property
    def reasoning_ended(self) -> bool:
        """Whether the last `push`, or `finish`, met the end of reasoning that no mark has begun.

        What was returned before is reasoning too.
        """
        return self._scanner.reasoning_ended

    def first_clause(self) -> str | None:
        """Remove and return the first clause of the incomplete sentence, or None if it is too short.

        The first sentence of a reply starts that much earlier.
        """
        self._check_not_finished()
        return clean_text(self._scanner.cut_clause(FIRST_CLAUSE_CHARACTERS)) or None

    def finish(self) -> list[str]:
        """Return the remaining sentences and close the stream."""
        self._check_not_finished()
        self._finished = True
        return _cleaned(self._scanner.finish())

    def _check_not_finished(self) -> None:
        if self._finished:
            raise RuntimeError(
                "the sentence stream is finished; create a new one for the next text"
            )


def fit(sentence: str, max_characters: int) -> list[str]:
    """Return a clean sentence in parts of at most `max_characters`, each ready to be spoken.

    Raises:
        ValueError: `max_characters` is less than `MIN_CHARACTERS`.
    """
    if max_characters < MIN_CHARACTERS:
        raise ValueError(f"max_characters is {max_characters}. Use {MIN_CHARACTERS} or more.")
    if len(sentence) <= max_characters:
        return [sentence] if sentence else []
    room_for_full_stop = 1
    parts = split_to_fit(sentence, max_characters - room_for_full_stop)
    return [ready for part in parts if (ready := finalize_sentence(part))]


def _cleaned(raw_sentences: list[str]) -> list[str]:
    return [sentence for raw in raw_sentences if (sentence := clean_text(raw))]
