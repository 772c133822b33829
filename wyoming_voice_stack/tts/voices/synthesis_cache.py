"""Sentences that were spoken before: "Turned on the light" sounds at once the second time.

They are kept in memory only, and those used longest ago go first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest

MAX_CACHED_CHARACTERS = 120
"""What assistants say again and again is short; longer text seldom comes twice."""


@dataclass(frozen=True)
class CachedSentence:
    """One sentence as the engine gave it."""

    sample_rate: int
    pieces: tuple[Samples, ...]

    @property
    def size_bytes(self) -> int:
        """Memory that its samples take."""
        return sum(piece.nbytes for piece in self.pieces)


class SynthesisCache:
    """A bounded cache. Used from the event loop only."""

    def __init__(self, max_bytes: int, *, clones: bool = False) -> None:
        """Take the bound; `clones` also keeps what is said with cloned voices."""
        self._max_bytes = max_bytes
        self._clones = clones
        self._sentences: OrderedDict[SynthesisRequest, CachedSentence] = OrderedDict()
        self._bytes = 0

    def get(self, request: SynthesisRequest) -> CachedSentence | None:
        """What the same request gave before."""
        sentence = self._sentences.get(request)
        if sentence is not None:
            self._sentences.move_to_end(request)
        return sentence

    def takes(self, request: SynthesisRequest) -> bool:
        """Whether it is worth keeping what this request gives, and right."""
        if not self._max_bytes or len(request.text) > MAX_CACHED_CHARACTERS:
            return False
        return self._clones or request.clone is None

    def put(self, request: SynthesisRequest, sentence: CachedSentence) -> None:
        """Keep a sentence that was spoken to its end, if there is room for it."""
        if not self.takes(request) or sentence.size_bytes > self._max_bytes:
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
