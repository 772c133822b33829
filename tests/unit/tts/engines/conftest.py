"""Loaded voices that the tests of several engines use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import piper_source
from wyoming_voice_stack.tts.engines.piper.engine import PiperSynthesizer


@pytest.fixture(scope="module")
def joe(piper_model: Path) -> Iterator[PiperSynthesizer]:
    engine = piper_source(piper_model).load()
    yield engine
    engine.close()
