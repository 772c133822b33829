"""One request's share of what coqui-tts keeps for the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wyoming_voice_stack.errors import EngineError

SEED = 1
"""Where the random numbers of every sentence start, so that it sounds the same each time."""


class Turn:
    """Lets requests alternate between two pieces of sound without changing each other.

    While it speaks, coqui-tts keeps the text's embeddings on the model and draws from torch's one
    random number generator. Both are put in place before a request goes on and kept after.
    """

    def __init__(self, model: Any) -> None:
        self._gpt = model.gpt.gpt_inference
        self._device = model.device
        self._random: Any = None
        self._random_on_device: Any = None
        self._prefix: Any = None

    def resume(self, stream: Iterator[Any]) -> Any:
        """The next piece of `stream`, or None at its end.

        Raises:
            EngineError: the library failed.
        """
        self._put_in_place()
        try:
            return next(stream, None)
        except Exception as error:
            raise EngineError(
                f"XTTS failed on a sentence ({type(error).__name__}). Ask again; if it"
                " fails again, try another voice or device."
            ) from error
        finally:
            self._keep()

    def _put_in_place(self) -> None:
        import torch

        if self._random is None:
            torch.manual_seed(SEED)
            return
        self._gpt.store_prefix_emb(self._prefix)
        torch.set_rng_state(self._random)
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(self._random_on_device, self._device)

    def _keep(self) -> None:
        import torch

        self._prefix = getattr(self._gpt, "cached_prefix_emb", None)
        self._random = torch.get_rng_state()
        if self._device.type == "cuda":
            self._random_on_device = torch.cuda.get_rng_state(self._device)


class Ending:
    """A stopping criterion that never stops: it sees every audio token, and so the last."""

    def __init__(self) -> None:
        self.tokens = 0
        self._last: Any = None

    def __call__(self, input_ids: Any, _scores: Any, **_kwargs: Any) -> bool:
        """Called after each token; `input_ids` has shape [1, tokens]."""
        self.tokens += 1
        self._last = input_ids[0, -1]
        return False

    def reached(self, stop_token: int) -> bool:
        """True if the model ended by itself, rather than at the limit of its tokens."""
        return self._last is not None and int(self._last) == stop_token
