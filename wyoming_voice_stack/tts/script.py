"""Turns the text of one request, however it is cut into deltas, into sentences for the engine."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

from wyoming_voice_stack.errors import TextTooLong
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.text.language.tags import regional
from wyoming_voice_stack.tts.text.markup.chat_marks import may_end_reasoning
from wyoming_voice_stack.tts.text.sentences import SentenceStream, fit
from wyoming_voice_stack.tts.voices.catalogue import VoiceSelection

SLICE_CHARACTERS = 256
"""Characters that are split into sentences in one turn of the event loop."""

_SAMPLE = "At 17:30 it is 21.5 °C and costs $5.20, on 2026-11-23."
"""Needs all the data about a language that is read from files."""


def load_language_data(languages: Iterable[str]) -> None:
    """Read the data of these languages ahead of the first request. Slow; call it in a thread."""
    for language in languages:
        normalize(_SAMPLE, language)


@dataclass(frozen=True)
class ScriptLine:
    """A sentence, or a part of one, as the engine gets it."""

    text: str
    language: str
    ends_sentence: bool


class Script:
    """Takes deltas of text and yields each sentence as soon as it is complete.

    Sentences are normalized first and then split to the engine's limit, because normalization makes
    text longer.
    """

    def __init__(self, backend: TtsBackend, selection: VoiceSelection) -> None:
        self._backend = backend
        self._languages = selection.languages
        self._regions = selection.regions
        self._sentences = SentenceStream(max(map(backend.max_characters, selection.languages)))
        self._language: str | None = None
        self._started = False
        self._held = ""
        self.characters = 0
        self.first_text_at: float | None = None
        """When the first text arrived, by `time.monotonic`."""

    async def push(self, delta: str, *, ends: bool) -> AsyncGenerator[ScriptLine, None]:
        """Take more text, or the last of it, and yield what it completes.

        While text is still arriving, the beginning of the first sentence is yielded up to a clause, so
        that speech starts earlier.

        Raises:
            TextTooLong: the text is longer than `TTS_MAX_TEXT_CHARACTERS`.
        """
        self._count(delta)
        async for sentence in self._complete(delta, ends=ends):
            if (joined := self._joined(sentence)) is not None:
                async for line in self._lines(joined, ends_sentence=True):
                    yield line
        if not ends and not self._started and (clause := self._sentences.first_clause()):
            async for line in self._lines(clause, ends_sentence=False):
                yield line

    async def _complete(self, delta: str, *, ends: bool) -> AsyncGenerator[str, None]:
        """Yield the sentences that the text completes, except for reasoning that ends in it.

        The last one is empty.
        """
        # Reasoning without an opening mark is known by its end only.
        is_held = may_end_reasoning(delta)
        held: list[str] = []
        turns = self._backend.text_turns
        # A long text is split slice by slice, so that the event loop is never blocked for long.
        for begin in range(0, len(delta), SLICE_CHARACTERS):
            piece = delta[begin : begin + SLICE_CHARACTERS]
            sentences = await turns.run(self._sentences.push, piece)
            self._drop_reasoning(held)
            held += sentences
            if not is_held:
                for sentence in held:
                    yield sentence
                held.clear()
        if ends:
            sentences = self._sentences.finish()
            self._drop_reasoning(held)
            held += sentences
        for sentence in (*held, ""):
            yield sentence

    def _drop_reasoning(self, held: list[str]) -> None:
        if self._sentences.reasoning_ended:
            self._held = ""
            held.clear()

    def _joined(self, sentence: str) -> str | None:
        """The sentence, after short ones that were held back for it; None if it is held back itself.

        An empty sentence stands for the end of what has arrived: nothing waits for more text.
        """
        joined = f"{self._held} {sentence}".strip()
        if sentence and len(joined) < self._backend.short_characters:
            self._held = joined
            return None
        self._held = ""
        return joined or None

    def _count(self, delta: str) -> None:
        self.characters += len(delta)
        limit = self._backend.options.max_text_characters
        if self.characters > limit:
            raise TextTooLong(
                f"The text is longer than {limit} characters."
                " Send it in parts, or raise TTS_MAX_TEXT_CHARACTERS."
            )
        if self.first_text_at is None:
            self.first_text_at = time.monotonic()

    async def _lines(
        self, sentence: str, *, ends_sentence: bool
    ) -> AsyncGenerator[ScriptLine, None]:
        self._started = True
        if self._language is None:
            self._language = await self._detect(sentence)
        language = self._language
        tag = regional(language, self._regions)
        text = await self._backend.text_turns.run(lambda raw: normalize(raw, tag), sentence)
        parts = fit(text, self._backend.max_characters(language))
        for number, part in enumerate(parts, start=1):
            yield ScriptLine(part, language, ends_sentence and number == len(parts))

    async def _detect(self, sentence: str) -> str:
        """The language of the whole reply: later, shorter sentences would be detected less reliably."""
        if len(self._languages) == 1:
            return self._languages[0]
        return await self._backend.detection.detect(sentence, self._languages)
