"""How the voices folder is read, again and again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.voice_files import SHORT_TEXT, aged, speech, write
from tests.support.voices_folder import Clock, lines
from wyoming_voice_stack.tts.voices import folder as voices_module
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment
from wyoming_voice_stack.tts.voices.cloning.assessment import assess as real_assess
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector
from wyoming_voice_stack.tts.voices.folder import VoicesFolder


def only_line(folder: VoicesFolder, caplog: pytest.LogCaptureFixture) -> str:
    """The one line of the log; reading the folder again adds none."""
    [line] = lines(caplog)
    folder.read()
    assert not lines(caplog)
    return line


class TestArrival:
    def test_a_good_voice_is_logged_once(
        self, folder: VoicesFolder, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        path = write(tmp_path / "anna.wav", speech())
        assert folder.read()["anna"].paths == (path,)
        assert only_line(folder, heard).startswith("INFO The voice 'anna' can be cloned")

    def test_a_poor_voice_is_listed_with_a_warning(
        self, folder: VoicesFolder, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        write(tmp_path / "anna.wav", speech(SHORT_TEXT))
        assert list(folder.read()) == ["anna"]
        assert only_line(folder, heard).startswith(
            "WARNING The voice 'anna' may sound poor: anna.wav is short"
        )

    def test_an_unusable_voice_is_not_listed(
        self, folder: VoicesFolder, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        write(tmp_path / "anna.wav", speech()[:8000])
        assert not folder.read()
        [line] = lines(heard)
        assert line.startswith(
            "WARNING The voice 'anna' is not listed: The recording anna.wav is 0"
        )

    def test_an_unusable_take_is_left_out(self, folder: VoicesFolder, tmp_path: Path) -> None:
        good = write(tmp_path / "anna" / "1.wav", speech())
        write(tmp_path / "anna" / "2.wav", np.zeros(48_000, np.float32))
        assert folder.read()["anna"].paths == (good,)

    def test_each_recording_is_assessed_once(
        self, folder: VoicesFolder, tmp_path: Path, assessed: list[str]
    ) -> None:
        write(tmp_path / "anna.wav", speech())
        folder.read()
        write(tmp_path / "bert.wav", speech())
        folder.read()
        folder.read()
        assert assessed == ["anna.wav", "bert.wav"]

    def test_without_assessing_all_are_listed_at_once(
        self, folder: VoicesFolder, tmp_path: Path, assessed: list[str]
    ) -> None:
        write(tmp_path / "anna.wav", speech())
        assert list(folder.read(assessing=False)) == ["anna"]
        assert not assessed
        folder.read()
        assert assessed == ["anna.wav"]

    def test_there_is_only_so_much_time(
        self, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def assess(path: Path, _: object) -> Assessment:
            clock.now += 3.0
            return Assessment(10.0, refusal=f"{path.name} is bad")

        monkeypatch.setattr(voices_module, "assess", assess)
        for name in "abc":
            write(tmp_path / f"{name}.wav", speech())
        folder = VoicesFolder(tmp_path, None, clock)
        # What is not known yet is listed.
        assert list(folder.read()) == ["c"]
        assert not folder.read()

    def test_a_thousand_recordings(
        self, folder: VoicesFolder, tmp_path: Path, assessed: list[str]
    ) -> None:
        for number in range(1000):
            path = tmp_path / f"{number:03}.wav"
            path.touch()
            aged(path)
        assert len(folder.read()) == len(assessed) == 500


class TestWriting:
    def test_what_is_just_written_is_waited_for(
        self, folder: VoicesFolder, tmp_path: Path, clock: Clock
    ) -> None:
        write(tmp_path / "anna.wav", speech(), age_s=0)
        assert not folder.read()
        clock.now += 10
        assert list(folder.read()) == ["anna"]

    def test_what_still_grows_is_waited_for(
        self, folder: VoicesFolder, tmp_path: Path, clock: Clock, assessed: list[str]
    ) -> None:
        path = tmp_path / "anna.wav"
        for size in (1, 2, 3):
            path.write_bytes(b"x" * size)
            # As copying with the time of the original does.
            aged(path, 0 if size == 1 else 500)
            assert not folder.read()
            clock.now += 10
        assert not assessed
        assert list(folder.read()) == ["anna"]

    def test_a_clock_that_is_ahead_delays_one_reading(
        self, folder: VoicesFolder, tmp_path: Path, clock: Clock
    ) -> None:
        write(tmp_path / "anna.wav", speech(), age_s=-3600)
        assert not folder.read()
        clock.now += 10
        assert list(folder.read()) == ["anna"]

    def test_a_voice_that_is_replaced_stays_until_it_is_whole(
        self, folder: VoicesFolder, tmp_path: Path, clock: Clock
    ) -> None:
        path = write(tmp_path / "anna.wav", speech())
        before = folder.read()["anna"]
        write(path, speech(SHORT_TEXT), age_s=0)
        assert folder.read()["anna"] == before
        clock.now += 10
        assert folder.read()["anna"].fingerprint != before.fingerprint

    def test_a_new_take_joins_when_it_is_whole(
        self, folder: VoicesFolder, tmp_path: Path, clock: Clock
    ) -> None:
        write(tmp_path / "anna" / "1.wav", speech())
        before = folder.read()["anna"]
        write(tmp_path / "anna" / "2.wav", speech(SHORT_TEXT), age_s=0)
        assert folder.read()["anna"] == before
        clock.now += 10
        assert len(folder.read()["anna"].paths) == 2

    def test_a_voice_that_vanishes_is_not_listed(
        self, folder: VoicesFolder, tmp_path: Path, heard: pytest.LogCaptureFixture
    ) -> None:
        path = write(tmp_path / "anna.wav", speech())
        assert folder.read()
        path.unlink()
        assert not folder.read()
        write(path, speech())
        lines(heard)
        assert folder.read()
        assert len(lines(heard)) == 1

    def test_one_that_vanishes_while_it_is_assessed_hides_nothing(
        self, folder: VoicesFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("anna", "bert", "clara"):
            write(tmp_path / f"{name}.wav", speech())

        def assess_and_remove(path: Path, judge: SpeechDetector | None) -> Assessment:
            if path.stem == "bert":
                path.unlink()
            return real_assess(path, judge)

        monkeypatch.setattr(voices_module, "assess", assess_and_remove)
        assert list(folder.read()) == ["anna", "clara"]
