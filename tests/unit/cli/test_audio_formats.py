"""`say -o` writes the format that the file's name ends with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.audio_files import read_recording, write_recording
from wyoming_voice_stack.cli.audio_formats import encode, require_encoder
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.cli.commands import app
from wyoming_voice_stack.errors import ConfigError


def tone(rate: int, seconds: float = 1.0) -> AudioClip:
    time = np.arange(int(rate * seconds)) / rate
    return AudioClip(rate, 2, 1, to_pcm16(np.sin(time * 2000) * 0.5))


@pytest.mark.parametrize("rate", [11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.mp3", "MPEG_LAYER_III"),
        ("a.flac", "PCM_16"),
        ("a.ogg", "VORBIS"),
        ("a.opus", "OPUS"),
        ("A.MP3", "MPEG_LAYER_III"),
    ],
)
def test_written_in_the_format_of_the_name(tmp_path: Path, name: str, form: str, rate: int) -> None:
    path = str(tmp_path / name)
    write_recording(path, tone(rate))
    info = soundfile.info(path)
    assert info.subtype == form
    assert info.samplerate == rate or (form == "OPUS" and info.samplerate >= rate)
    read = read_recording(path)
    assert read.seconds == pytest.approx(1.0, abs=0.15)
    middle = np.frombuffer(read.pcm, np.int16)[len(read.pcm) // 8 : -len(read.pcm) // 8]
    assert np.abs(middle.astype(int)).max() == pytest.approx(16384, rel=0.1)


@pytest.mark.parametrize("rate", [5000, 8001, 96000])
def test_unusual_rates_are_converted(tmp_path: Path, rate: int) -> None:
    path = str(tmp_path / "a.mp3")
    write_recording(path, tone(rate))
    assert soundfile.info(path).samplerate == {5000: 8000, 8001: 11025, 96000: 48000}[rate]


def test_long_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a.ogg")
    write_recording(path, tone(22050, 300))
    assert soundfile.info(path).duration == pytest.approx(300, abs=0.2)


@pytest.mark.parametrize("name", ["a.wav", "A.WAVE", "a", "/dev/stdout", "-"])
def test_wav(name: str) -> None:
    assert encode(name, tone(16000))[:4] == b"RIFF"


def test_unknown_format_is_refused_before_the_server_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def no_server(*_: Any) -> AudioClip:
        raise AssertionError("The server was asked.")

    monkeypatch.setattr(client, "synthesize", no_server)
    done = CliRunner().invoke(app, ["say", "Hi.", "-o", str(tmp_path / "a.m4a")])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == (
        f"{tmp_path}/a.m4a cannot be written: .m4a is not a supported format; use .wav, .mp3,"
        " .flac, .ogg or .opus."
    )


def test_without_soundfile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    require_encoder("a.wav")
    with pytest.raises(ConfigError) as caught:
        require_encoder("a.mp3")
    assert str(caught.value) == (
        "a.mp3 cannot be written: soundfile is not installed; run: pip install soundfile"
    )


def test_old_libsndfile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "check_format", lambda *_: False)
    with pytest.raises(ConfigError, match=r"does not support \.mp3"):
        require_encoder("a.mp3")
