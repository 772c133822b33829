"""An engine that transcribes whatever it hears."""

from __future__ import annotations

import pytest

from tests.support.transcribing_api import (
    TellingRecognizer,
)


@pytest.fixture
def engine() -> TellingRecognizer:
    return TellingRecognizer()
