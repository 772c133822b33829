"""Sentences that were spoken before: "Turned on the light" sounds at once the second time.

They are kept in memory only, and those used longest ago go first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

MAX_CACHED_CHARACTERS = 120
"""What assistants say again and again is short; longer text seldom comes twice."""

_NOBODYS = PlaybackBuffer()


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
        self._phrases: OrderedDict[SynthesisRequest, CachedSentence] = OrderedDict()
        self._bytes = 0

    def get(self, request: SynthesisRequest) -> CachedSentence | None:
        """What the same request gave before."""
        key = _key(request)
        phrase = self._phrases.get(key)
        if phrase is not None:
            self._phrases.move_to_end(key)
        return phrase

    def takes(self, request: SynthesisRequest) -> bool:
        """Whether it is worth keeping what this request gives, and right."""
        if not self._max_bytes or len(request.text) > MAX_CACHED_CHARACTERS:
            return False
        return self._clones or request.clone is None

    def put(self, request: SynthesisRequest, phrase: CachedSentence) -> None:
        """Keep a sentence that was spoken to its end, if there is room for it."""
        if not self.takes(request) or phrase.size_bytes > self._max_bytes:
            return
        self._drop(_key(request))
        self._phrases[_key(request)] = phrase
        self._bytes += phrase.size_bytes
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._phrases)))

    def _drop(self, key: SynthesisRequest) -> None:
        dropped = self._phrases.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped.size_bytes


def _key(request: SynthesisRequest) -> SynthesisRequest:
    # Whose playback it was neither matters nor should be kept alive.
    return replace(request, playback=_NOBODYS)
