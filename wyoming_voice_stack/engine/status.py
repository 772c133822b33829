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
    device: str
    state: EngineState
    detail: str = ""
    """What is wrong, when `state` is failed."""


def is_ready(status: ServiceStatus) -> bool:
    """Whether requests are served; one to an unloaded model waits until it is loaded again."""
    return status.state in {"ready", "unloaded"}
