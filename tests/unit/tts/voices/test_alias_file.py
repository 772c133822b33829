from __future__ import annotations

import errno
import json
import logging
import os
import threading
from pathlib import Path

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from wyoming_voice_stack.errors import StorageError
from wyoming_voice_stack.tts.voices import alias_file
from wyoming_voice_stack.tts.voices.alias_file import ALIAS_FILE, AliasFile


class Share:
    """Delays the reading of the file until `go_on` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        monkeypatch.setattr(alias_file, "FIRST_READ_SECONDS", 0.01)
        monkeypatch.setattr(Path, "open", self._wrapped(Path.open))

    def _wrapped(self, opened: object) -> object:
        def open_and_wait(path: Path, *mode: str) -> object:
            file = opened(path, *mode)  # type: ignore[operator]
            # Opened before, so that it is what was there at first.
            assert self.go_on.wait(WAIT_SECONDS)
            return file

        return open_and_wait


async def test_a_share_that_hangs_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / ALIAS_FILE).write_text(json.dumps({"alloy": "bert"}))
    share = Share(monkeypatch)
    aliases = AliasFile(tmp_path, {"alloy": "anna", "nova": "carla"})
    assert aliases.current == {"alloy": "anna", "nova": "carla"}
    [line] = caplog.messages
    assert f"{ALIAS_FILE} could not be read within" in line
    # What is read late is used.
    share.go_on.set()
    await eventually(lambda: aliases.current == {"alloy": "bert", "nova": "carla"})


async def test_what_was_saved_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ALIAS_FILE).write_text(json.dumps({"alloy": "bert"}))
    share = Share(monkeypatch)
    aliases = AliasFile(tmp_path, {})
    aliases.voice_renamed("bert", None)
    assert aliases.current == {}
    aliases.save({"onyx": "carla"}, lambda _: None)
    share.go_on.set()
    reading = aliases._reading
    await eventually(reading.done)
    assert aliases.current == {"onyx": "carla"}


def test_a_file_is_read_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / ALIAS_FILE).write_text(json.dumps({"alloy": "bert"}))
    assert AliasFile(tmp_path, {}).current == {"alloy": "bert"}
    assert not caplog.messages


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "Free some space on its disk,"), (errno.EROFS, "write access to VOICES_DIR,")],
)
def test_a_folder_that_cannot_be_written_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    aliases = AliasFile(tmp_path, {"alloy": "anna"})
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=remedy):
        aliases.save({"alloy": "bert"}, lambda _: None)
    assert aliases.current == {"alloy": "anna"}
    assert list(tmp_path.iterdir()) == []
