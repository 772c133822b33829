from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.model_folders import Downloads
from tests.support.peers import EchoService
from wyoming_voice_stack.server.assembly import model_shelf


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Downloads]:
    replaced = Downloads()
    monkeypatch.setattr(model_shelf, "weights_of", replaced.weights_of)
    yield replaced
    replaced.go_on.set()


@pytest.fixture
def service() -> EchoService:
    return EchoService()
