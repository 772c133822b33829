"""The session that computes everything that needs the whole sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

PADDING = 0
"""The token before and after the others of a sentence."""

_STYLE, _SPEED = "style", "speed"
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}


@dataclass(frozen=True)
class SentenceTokens:
    """A sentence as the model gets it."""

    ids: tuple[int, ...]
    """Without padding, at most 510."""
    style: Tensor
    """The voice's style for this number of tokens, [1, 256]."""
    speed: float = 1.0


class TextSession:
    """A session whose inputs are those of a Kokoro model: tokens, style and speed. Thread-safe."""

    def __init__(self, session: Any, outputs: Sequence[str] | None = None) -> None:
        """Take the names of the wanted outputs; None means the first one.

        Raises:
            ModelCorrupt: the model has other inputs.
        """
        self._session = session
        given = {each.name: _TYPES.get(each.type) for each in session.get_inputs()}
        (*others,) = given.keys() - {_STYLE, _SPEED}
        if len(given) != 3 or len(others) != 1 or None in given.values():  # noqa: PLR2004
            raise ModelCorrupt(
                f"its inputs are {', '.join(sorted(given)) or 'none'} instead of tokens, style and speed"
            )
        self._tokens = others[0]
        self._types: dict[str, Any] = dict(given)
        self.outputs = list(outputs or [session.get_outputs()[0].name])

    def run(self, sentence: SentenceTokens) -> Mapping[str, Tensor]:
        """All wanted outputs."""
        tokens = np.array([[PADDING, *sentence.ids, PADDING]])
        feeds = {self._tokens: tokens, _STYLE: sentence.style, _SPEED: np.array([sentence.speed])}
        typed = {name: value.astype(self._types[name]) for name, value in feeds.items()}
        return dict(zip(self.outputs, self._session.run(self.outputs, typed), strict=True))
