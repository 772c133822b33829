"""The state of an engine, and what `/health` shows of the service around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

EngineState: TypeAlias = Literal["idle", "loading", "ready", "unloaded", "failed"]


@dataclass(frozen=True)
class ServiceStatus:
    """What `/health` and `/ready` tell."""

    mode: str
    model: str
    device: str
    state: EngineState
    detail: str = ""
    """What is wrong, when `state` is failed."""


def is_ready(status: ServiceStatus) -> bool:
    """Whether a request is served now, at most after a rested model is loaded again."""
    return status.state in {"ready", "unloaded"}
