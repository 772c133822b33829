"""Loads one engine and closes it, with log lines and the metric of loaded models."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from wyoming_voice_stack.errors import EngineError, VoiceStackError
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)


class LoadedEngine(Protocol):
    """What every engine has."""

    @property
    def device(self) -> str:
        """Device that the model runs on, such as `cpu` or `cuda:0`."""
        ...

    def close(self) -> None:
        """Free the engine's memory."""
        ...


Engine = TypeVar("Engine", bound=LoadedEngine)


class EngineLoader(Generic[Engine]):
    """Makes engines of one model, in the engine's thread."""

    def __init__(self, name: str, load: Callable[[], Engine], metrics: Metrics) -> None:
        self.name = name
        self.loads = 0
        """How often an engine was loaded."""
        self._load = load
        self._loaded = metrics.model_loaded.labels(name)
        self._loaded.set(0)

    def load(self) -> Engine:
        """Load an engine; blocks for as long as that takes.

        Raises:
            VoiceStackError: why it cannot be loaded.
        """
        began = time.monotonic()
        try:
            engine = self._load()
        except VoiceStackError:
            raise
        except (Exception, SystemExit) as error:
            _LOGGER.exception("%s cannot be loaded", self.name)
            reason = f"{type(error).__name__}: {error}"
            raise EngineError(f"{self.name} cannot be loaded: {reason}") from error
        self.loads += 1
        self._loaded.set(1)
        _LOGGER.info(
            "%s is ready after %.1f s on %s", self.name, time.monotonic() - began, engine.device
        )
        return engine

    def close(self, engine: Engine) -> None:
        """Free an engine's memory; does not fail."""
        self._loaded.set(0)
        try:
            engine.close()
        except Exception:
            # A lost device cannot free its memory; the thread must go on, to reload the engine.
            _LOGGER.exception("%s did not close cleanly", self.name)
