"""From the text of one request, in whatever cuts it comes, to sentences as the engine gets them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

from wyoming_voice_stack.errors import TextTooLong
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.catalogue import Choice
from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.text.language.tags import regional
from wyoming_voice_stack.tts.text.sentences import SentenceStream, fit

SLICE_CHARACTERS = 256
"""Text that is cut into sentences at once."""

_SAMPLE = "At 17:30 it is 21.5 °C and costs $5.20, on 2026-11-23."
"""Needs all that is read from files about a language."""


def get_ready(languages: Iterable[str]) -> None:
    """Read what is known of languages, so that no request pays for it. Slow; for a thread."""
    for language in languages:
        normalize(_SAMPLE, language)


@dataclass(frozen=True)
class ScriptLine:
    """What the engine says in one go."""

    text: str
    language: str
    ends_sentence: bool


class Script:
    """Grows with each delta; gives what can be said as soon as that is certain."""

    def __init__(self, service: TtsBackend, choice: Choice) -> None:
        self._service = service
        self._languages = choice.languages
        self._regions = choice.regions
        self._sentences = SentenceStream(max(map(service.max_characters, choice.languages)))
        self._language: str | None = None
        self._begun = False
        self.characters = 0
        self.first_came_at: float | None = None
        """When the first text came, by `time.monotonic`."""

    async def push(self, delta: str, *, ends: bool) -> AsyncGenerator[ScriptLine, None]:
        """Take more text, or the last, and yield what it completes.

        Where text comes little by little, the first sentence may be said up to a clause while the rest
        of it is still to come.

        Raises:
            TextTooLong: it is longer than `TTS_MAX_TEXT_CHARACTERS`.
        """
        self._count(delta)
        # A long text is cut up slice by slice, so that the loop is never held for long.
        for begin in range(0, len(delta), SLICE_CHARACTERS):
            for sentence in self._sentences.push(delta[begin : begin + SLICE_CHARACTERS]):
                async for line in self._lines(sentence, ends_sentence=True):
                    yield line
            await asyncio.sleep(0)
        if ends:
            for sentence in self._sentences.finish():
                async for line in self._lines(sentence, ends_sentence=True):
                    yield line
        elif not self._begun and (clause := self._sentences.first_clause()):
            async for line in self._lines(clause, ends_sentence=False):
                yield line

    def _count(self, delta: str) -> None:
        self.characters += len(delta)
        limit = self._service.options.max_text_characters
        if self.characters > limit:
            raise TextTooLong(
                f"The text is longer than {limit} characters;"
                " send it in parts, or raise TTS_MAX_TEXT_CHARACTERS."
            )
        if self.first_came_at is None:
            self.first_came_at = time.monotonic()

    async def _lines(
        self, sentence: str, *, ends_sentence: bool
    ) -> AsyncGenerator[ScriptLine, None]:
        self._begun = True
        if self._language is None:
            # One reply has one language: short later sentences would be told apart badly.
            self._language = await self._service.detect_language(sentence, self._languages)
        language = self._language
        said = normalize(sentence, regional(language, self._regions))
        parts = fit(said, self._service.max_characters(language))
        for number, part in enumerate(parts, start=1):
            yield ScriptLine(part, language, ends_sentence and number == len(parts))
