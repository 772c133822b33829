"""The state of an engine, and what `/health` reports about a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

EngineState: TypeAlias = Literal["idle", "loading", "ready", "unloaded", "failed"]


@dataclass(frozen=True)
class ServiceStatus:
    """What `/health` and `/ready` report."""

    mode: str
    model: str
    """Its name; never a path."""
    device: str
    """Device in use; empty until the model is loaded for the first time."""
    state: EngineState
    detail: str = ""
    """What is wrong, when `state` is failed."""
    voice: str = ""
    """Voice of requests that name none; empty for speech to text."""
    language: str = ""
    """Language of requests that name none; `auto` if it is detected."""

    @property
    def served(self) -> dict[str, str]:
        """What is served, without what is not known yet."""
        facts = {
            "model": self.model,
            "voice": self.voice,
            "language": self.language,
            "device": self.device,
        }
        return {name: value for name, value in facts.items() if value}

    @property
    def summary(self) -> str:
        """What is served, for a log line or a description."""
        return ", ".join(f"{name} {value}" for name, value in self.served.items())


@dataclass(frozen=True)
class Workload:
    """What an engine works on now, and what waits for it."""

    running: int = 0
    """Requests that it works on."""
    waiting: int = 0
    """Requests that wait for it."""
    oldest_wait_s: float = 0.0
    """How long the first of them has waited."""

    def __add__(self, other: Workload) -> Workload:
        return Workload(
            self.running + other.running,
            self.waiting + other.waiting,
            max(self.oldest_wait_s, other.oldest_wait_s),
        )


def is_ready(status: ServiceStatus) -> bool:
    """Whether requests are served; one to an unloaded model waits until it is loaded again."""
    return status.state in {"ready", "unloaded"}
