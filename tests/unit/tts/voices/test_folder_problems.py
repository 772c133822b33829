"""A folder of recordings that cannot be read, in part or at times."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.support.voice_files import speech, write
from tests.support.voices_folder import lines
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.voices import folder as voices_module
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment
from wyoming_voice_stack.tts.voices.folder import VoicesFolder


class Denied:
    """Takes away the permission for a function, and gives it back."""

    def __init__(
        self, folder: VoicesFolder, caplog: pytest.LogCaptureFixture, patch: pytest.MonkeyPatch
    ) -> None:
        self._folder = folder
        self._caplog = caplog
        self._patch = patch

    def only_line(self, owner: object, function: str) -> str:
        """The one line of the log when the folder is read twice without the permission."""

        def refuse(*_: object) -> object:
            raise PermissionError(13, "Permission denied")

        with self._patch.context() as patch:
            patch.setattr(owner, function, refuse)
            assert not self._folder.read()
            assert not self._folder.read()
        [line] = lines(self._caplog)
        return line


@pytest.fixture
def denied(
    folder: VoicesFolder, heard: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Denied:
    return Denied(folder, heard, monkeypatch)


class TestTrouble:
    def test_a_folder_that_cannot_be_read_is_logged_once(
        self, folder: VoicesFolder, tmp_path: Path, denied: Denied
    ) -> None:
        write(tmp_path / "anna.wav", speech())
        line = denied.only_line(os, "scandir")
        assert line.startswith("WARNING")
        assert "Permission denied" in line
        assert list(folder.read()) == ["anna"]

    def test_a_recording_that_cannot_be_read_is_tried_again(
        self, folder: VoicesFolder, tmp_path: Path, denied: Denied
    ) -> None:
        write(tmp_path / "anna.wav", speech())
        line = denied.only_line(Path, "open")
        assert "anna.wav cannot be read (Permission denied)" in line
        assert list(folder.read()) == ["anna"]

    def test_a_detector_that_fails_is_done_without(
        self, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: Samples) -> np.ndarray:
            raise EngineError("The detector failed.")

        write(tmp_path / "anna.wav", speech())
        write(tmp_path / "bert.wav", speech())
        assert list(VoicesFolder(tmp_path, broken).read()) == ["anna", "bert"]
        warnings = [line for line in lines(heard) if line.startswith("WARNING")]
        assert warnings == ["WARNING Speech detection in recordings is off: The detector failed."]

    def test_an_unsupported_format_is_logged(
        self, folder: VoicesFolder, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "anna.m4a").write_bytes(b"x")
        folder.read()
        folder.read()
        [line] = lines(heard)
        assert "'anna.m4a' has an unsupported format; save it as one of" in line

    def test_threads_may_read_at_once(
        self, folder: VoicesFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assessed: list[str] = []

        def assess(path: Path, _: object) -> Assessment:
            assert folder._lock.locked()
            assessed.append(path.name)
            return Assessment(10.0)

        monkeypatch.setattr(voices_module, "assess", assess)
        for name in "abcd":
            write(tmp_path / f"{name}.wav", speech())
        readers = [threading.Thread(target=folder.read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert sorted(assessed) == ["a.wav", "b.wav", "c.wav", "d.wav"]
