"""Recordings on a share that hangs do not hold the thread that asks for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.tts.voices.cloning import recording_thread
from wyoming_voice_stack.tts.voices.cloning.recording_thread import RecordingThread


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A share that hangs until it is set."""
    monkeypatch.setattr(recording_thread, "READ_SECONDS", 0.01)
    answers = threading.Event()
    yield answers
    answers.set()


def test_the_result_and_the_error_of_a_reading_arrive(tmp_path: Path) -> None:
    thread = RecordingThread()
    assert thread.read(lambda: 3) == 3
    with pytest.raises(FileNotFoundError):
        thread.read((tmp_path / "none").read_bytes)


def test_a_timeout_of_the_file_system_is_no_reading_that_hangs() -> None:
    thread = RecordingThread()

    def fail() -> None:
        raise TimeoutError("the server of the share")

    with pytest.raises(TimeoutError, match="the server of the share"):
        thread.read(fail)
    assert thread.read(lambda: 3) == 3


def test_while_one_hangs_others_fail_at_once(
    share: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = RecordingThread()
    with pytest.raises(TimeoutError, match=r"longer than 0\.01 s; check the disk"):
        thread.read(share.wait)
    called: list[int] = []
    with pytest.raises(TimeoutError):
        thread.read(lambda: called.append(1))
    assert not called
    [hanging] = thread._hanging
    share.set()
    hanging.join(WAIT_SECONDS)
    monkeypatch.setattr(recording_thread, "READ_SECONDS", WAIT_SECONDS)
    assert thread.read(lambda: 3) == 3
