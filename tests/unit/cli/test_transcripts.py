"""`transcribe`: formats, several files, and what is printed where."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result
from wyoming.asr import Transcript

from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client, subtitles, terminal
from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.cli.commands import app
from wyoming_voice_stack.errors import EngineError

SECOND = bytes(32000)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three files: of one second, no audio, of two seconds. The server hears the length."""

    async def hear(uri: str, recording: AudioClip, **_: Any) -> Transcript:
        if recording.seconds > 5:
            raise EngineError("The engine failed.")
        return Transcript(text=f"Länge {recording.seconds:g}.", language="de")

    monkeypatch.setattr(client, "transcribe", hear)
    monkeypatch.chdir(tmp_path)
    write_recording("a.wav", AudioClip(16000, 2, 1, SECOND))
    Path("b.wav").write_text("no sound")
    write_recording("c.wav", AudioClip(16000, 2, 1, 2 * SECOND))
    write_recording("long.wav", AudioClip(16000, 2, 1, 9 * SECOND))
    return tmp_path


def transcribe(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["transcribe", *arguments])


def test_one_file_is_its_text_only(files: Path) -> None:
    assert transcribe("a.wav").stdout == "Länge 1.\n"


def test_a_file_without_audio(files: Path) -> None:
    write_recording("none.wav", AudioClip(16000, 2, 1, b""))
    done = transcribe("none.wav", "a.wav")
    assert done.exit_code == 1
    assert done.stdout == "a.wav: Länge 1.\n"
    assert done.stderr == "wyoming-voice-stack: none.wav has a header but no audio after it.\n"


def test_all_files_are_tried(files: Path) -> None:
    done = transcribe("a.wav", "b.wav", "nothing.wav", "long.wav", "c.wav")
    assert done.exit_code == 1
    assert done.stdout == "a.wav: Länge 1.\nc.wav: Länge 2.\n"
    said = done.stderr.splitlines()
    assert [line.partition(".wav")[0] for line in said] == [
        f"wyoming-voice-stack: {name}" for name in ("b", "nothing", "long")
    ]
    assert said[2] == "wyoming-voice-stack: long.wav: The engine failed."


def test_several_good_files(files: Path) -> None:
    done = transcribe("c.wav", "a.wav")
    assert (done.exit_code, done.stdout) == (0, "c.wav: Länge 2.\na.wav: Länge 1.\n")
    assert done.stderr == ""


def test_json_is_one_object_a_line(files: Path) -> None:
    done = transcribe("--format", "json", "a.wav", "c.wav")
    assert "Länge" in done.stdout
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"file": "a.wav", "seconds": 1.0, "language": "de", "text": "Länge 1."},
        {"file": "c.wav", "seconds": 2.0, "language": "de", "text": "Länge 2."},
    ]


def test_unknown_format(files: Path) -> None:
    done = transcribe("--format", "pdf", "a.wav")
    assert done.exit_code == 2
    assert "pdf" in done.stderr


def test_a_wrong_address_is_one_error(files: Path) -> None:
    done = transcribe("--uri", "hello", "a.wav", "c.wav")
    assert str(done.exception).count("tcp://HOST:PORT") == 1
    assert done.stdout == ""


class LoudIsSpeech:
    """A voice activity network for which every sound is speech."""

    def initial_state(self) -> None:
        return None

    def judge(self, windows: Samples, state: None) -> tuple[Samples, None]:
        return (np.abs(windows).max(axis=1) > 0.01).astype(np.float32), state


def sound(*seconds: float) -> AudioClip:
    """Silence, noise, silence, noise and so on, at 48 kHz."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 48000 * 60)
    parts = [noise[: int(48000 * length)] * (number % 2) for number, length in enumerate(seconds)]
    return AudioClip(48000, 2, 1, to_pcm16(np.concatenate(parts)))


@pytest.fixture
def loud_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SileroVad, "installed", lambda: SileroVad(LoudIsSpeech()))


def test_subtitles(files: Path, loud_is_speech: None) -> None:
    write_recording("s.wav", sound(59, 2, 20, 2))
    done = transcribe("--format", "srt", "s.wav")
    first, second = done.stdout.split("\n\n")
    number, times, text = first.splitlines()
    assert number == "1"
    assert times.startswith("00:00:58,")
    assert " --> 00:01:01," in times
    assert text.startswith("Länge 2.")
    assert second.splitlines()[0] == "2"
    assert " --> 00:01:23," in second


def test_subtitles_are_short_and_cover_all_speech(loud_is_speech: None) -> None:
    parts = subtitles.spoken_parts(sound(1, 25, 1))
    assert max(part.end - part.begin for part in parts) <= subtitles.MAX_SUBTITLE_SECONDS + 0.1
    assert sum(part.end - part.begin for part in parts) == pytest.approx(25.6, abs=0.2)
    assert parts[0].recording.seconds == pytest.approx(parts[0].end - parts[0].begin)
    assert parts[0].recording.rate == 16000


def test_subtitles_of_silence(loud_is_speech: None) -> None:
    assert subtitles.spoken_parts(sound(3)) == []
    part = subtitles.SpokenPart(3661.0004, 36000.9996, sound(1))
    assert subtitles.numbered([(part, " "), (part, " Hi. ")]) == (
        "1\n01:01:01,000 --> 10:00:01,000\nHi."
    )


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    file = io.StringIO()
    made = Console(file=file, force_terminal=True, width=60)
    monkeypatch.setattr(terminal, "console", lambda: made)
    return file


def test_results_are_below_the_progress_bar(
    screen: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    results = terminal.below_progress(["one", "two"], "transcribing", total=2)
    assert next(results) == "one"
    assert "100%" in screen.getvalue()
    assert next(results) == "two"
    assert capsys.readouterr().out == ""
    assert screen.getvalue().rstrip("\x1b[?25h").endswith("\n")


def test_results_survive_an_interruption(screen: io.StringIO) -> None:
    def items() -> Iterator[str]:
        yield "one"
        raise KeyboardInterrupt

    results = terminal.below_progress(items(), "transcribing", total=2)
    assert next(results) == "one"
    with pytest.raises(KeyboardInterrupt):
        next(results)


def test_without_a_terminal_results_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "console", lambda: Console(file=io.StringIO()))
    results = terminal.below_progress(iter(["one", "two"]), "transcribing", total=9)
    assert next(results) == "one"
