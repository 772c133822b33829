from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from tests.support.fakes import WAIT_SECONDS, FakeSynthesizer, eventually
from tests.support.tts_client import serving
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.machine import checked_executor
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.voices import registry as registry_module
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest
from wyoming_voice_stack.tts.voices.folder import VoicesFolder
from wyoming_voice_stack.tts.voices.folder_reader import FolderReader

CLARA = CloneSource("clara", (Path("clara.wav"),), "1")


async def test_a_share_that_hangs_delays_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    go, readings = threading.Event(), []

    def read(_: VoicesFolder, *, assessing: bool = True) -> dict[str, CloneSource]:
        readings.append(assessing)
        assert go.wait(WAIT_SECONDS)
        return {"clara": CLARA}

    monkeypatch.setattr(VoicesFolder, "read", read)
    monkeypatch.setattr(registry_module, "FIRST_READ_SECONDS", 0.01)
    monkeypatch.setattr(registry_module, "READ_SECONDS", 0.01)
    async with serving(FakeSynthesizer(), tmp_path) as service:
        for _ in range(20):
            with pytest.raises(UnknownVoice):
                await service.open_reply(VoiceRequest("clara"), "api")
        # All of them wait for the one reading that hangs, and say so once.
        assert len(readings) == 1
        warned = [each for each in caplog.messages if "could not be read within" in each]
        assert len(warned) == 1
        assert str(tmp_path) in warned[0]
        go.set()
        monkeypatch.setattr(registry_module, "READ_SECONDS", WAIT_SECONDS)
        await service.voices.refresh()
        await eventually(lambda: "clara" in service.voices.clones)


def test_errors_are_those_of_the_reading() -> None:
    def read() -> dict[str, CloneSource]:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        FolderReader("voices").start(read).result(WAIT_SECONDS)


def test_without_memory_for_a_thread_the_folder_counts_as_unreadable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checked_executor, "THREAD_BYTES", 1 << 62)
    future = FolderReader("voices").start(dict)
    with pytest.raises(OSError, match="Cannot allocate memory"):
        future.result(WAIT_SECONDS)
