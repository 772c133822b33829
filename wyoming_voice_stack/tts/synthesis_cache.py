"""A cache of synthesized sentences: "Turned on the light" plays at once the second time.

Sentences are kept in memory only; the least recently used ones are dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest

MAX_CACHED_CHARACTERS = 120
"""What assistants repeat is short; longer text seldom comes twice."""


@dataclass(frozen=True)
class CachedSentence:
    """One sentence as the engine generated it."""

    sample_rate: int
    chunks: tuple[Samples, ...]

    @property
    def size_bytes(self) -> int:
        """Memory that its samples take."""
        return sum(chunk.nbytes for chunk in self.chunks)


class SynthesisCache:
    """A cache of bounded size. Used from the event loop only."""

    def __init__(self, max_bytes: int, *, clones: bool = False) -> None:
        """Take the bound; with `clones`, sentences of cloned voices are cached too."""
        self._max_bytes = max_bytes
        self._clones = clones
        self._sentences: OrderedDict[SynthesisRequest, CachedSentence] = OrderedDict()
        self._bytes = 0

    def get(self, request: SynthesisRequest) -> CachedSentence | None:
        """Return the cached sentence of an equal request."""
        sentence = self._sentences.get(request)
        if sentence is not None:
            self._sentences.move_to_end(request)
        return sentence

    def accepts(self, request: SynthesisRequest) -> bool:
        """Whether the sentence of this request may be cached."""
        if not self._max_bytes or len(request.text) > MAX_CACHED_CHARACTERS:
            return False
        return self._clones or request.clone is None

    def put(self, request: SynthesisRequest, sentence: CachedSentence) -> None:
        """Cache a complete sentence, unless it is larger than the whole cache."""
        if not self.accepts(request) or sentence.size_bytes > self._max_bytes:
            return
        self._drop(request)
        self._sentences[request] = sentence
        self._bytes += sentence.size_bytes
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._sentences)))

    def _drop(self, request: SynthesisRequest) -> None:
        dropped = self._sentences.pop(request, None)
        if dropped is not None:
            self._bytes -= dropped.size_bytes
