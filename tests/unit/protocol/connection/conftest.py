"""A service for the connections."""

from __future__ import annotations

import pytest

from tests.support.peers import EchoService


@pytest.fixture
def service() -> EchoService:
    return EchoService()
