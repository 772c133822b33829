"""A folder of recordings, watched by a clock of the tests."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.support.voice_files import detector
from tests.support.voices_folder import Clock
from wyoming_voice_stack.tts.voices import folder as voices_module
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment
from wyoming_voice_stack.tts.voices.folder import VoicesFolder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> VoicesFolder:
    return VoicesFolder(tmp_path, detector, clock)


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="wyoming_voice_stack")
    return caplog


@pytest.fixture
def assessed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the assessed recordings, all of which are good."""
    names: list[str] = []

    def assess(path: Path, _: object) -> Assessment:
        names.append(path.name)
        return Assessment(10.0)

    monkeypatch.setattr(voices_module, "assess", assess)
    return names
