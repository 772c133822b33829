"""A speech recognizer for the sessions."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeRecognizer


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()
