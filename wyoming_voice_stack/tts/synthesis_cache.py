"""A cache of synthesized sentences: "Turned on the light" plays at once the second time.

Sentences are kept in memory only; the least recently used ones are dropped first. A cached sentence is
served only to the address that it was synthesized for: others could tell by the time of the answer that
it was spoken before.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest

_Key: TypeAlias = tuple[str, SynthesisRequest]

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
        self._sentences: OrderedDict[_Key, CachedSentence] = OrderedDict()
        self._bytes = 0

    def get(self, request: SynthesisRequest, address: str) -> CachedSentence | None:
        """Return the cached sentence of an equal request from the same address."""
        sentence = self._sentences.get((address, request))
        if sentence is not None:
            self._sentences.move_to_end((address, request))
        return sentence

    def accepts(self, request: SynthesisRequest) -> bool:
        """Whether the sentence of this request may be cached."""
        if not self._max_bytes or len(request.text) > MAX_CACHED_CHARACTERS:
            return False
        return self._clones or request.clone is None

    def put(self, request: SynthesisRequest, address: str, sentence: CachedSentence) -> None:
        """Cache a complete sentence for an address, unless it is larger than the whole cache."""
        if not self.accepts(request) or sentence.size_bytes > self._max_bytes:
            return
        key = (address, request)
        self._drop(key)
        self._sentences[key] = sentence
        self._bytes += sentence.size_bytes
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._sentences)))

    def _drop(self, key: _Key) -> None:
        dropped = self._sentences.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped.size_bytes
