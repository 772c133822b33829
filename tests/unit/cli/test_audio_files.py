from __future__ import annotations

import io
import os
import re
import sys
import tempfile
import wave
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.cli import audio_files as recordings
from wyoming_voice_stack.cli import audio_formats
from wyoming_voice_stack.cli.audio_files import (
    read_recording,
    read_text,
    require_writable,
    write_recording,
)
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.errors import ConfigError


class Stream:
    """Standard input or output of bytes."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)


def wav(rate: int, width: int, channels: int, pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setframerate(rate)
        writer.setsampwidth(width)
        writer.setnchannels(channels)
        writer.writeframes(pcm)
    return file.getvalue()


@pytest.mark.parametrize(
    "recording",
    [
        AudioClip(16000, 2, 1, b"\x01\x02" * 500),
        AudioClip(48000, 3, 2, bytes(range(6)) * 100),
        AudioClip(8000, 1, 1, b"\x80" * 99),
        AudioClip(22050, 4, 1, b"\x01\x02\x03\x04"),
        AudioClip(16000, 2, 1, b""),
    ],
)
def test_what_is_written_is_read(tmp_path: Path, recording: AudioClip) -> None:
    path = str(tmp_path / "a.wav")
    write_recording(path, recording)
    assert read_recording(path) == recording
    with wave.open(path) as file:
        assert file.getnframes() == len(recording.pcm) // (recording.width * recording.channels)


def test_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = AudioClip(16000, 2, 1, b"\x01\x02" * 500)
    out = Stream()
    monkeypatch.setattr(sys, "stdout", out)
    write_recording("-", recording)
    monkeypatch.setattr(sys, "stdin", Stream(out.buffer.getvalue()))
    assert read_recording("-") == recording


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.flac", "PCM_16"),
        ("a.ogg", "VORBIS"),
        ("a.wav", "FLOAT"),
        ("a.mp3", "MPEG_LAYER_III"),
    ],
)
def test_other_formats(tmp_path: Path, name: str, subtype: str) -> None:
    tone = np.sin(np.arange(16000) / 10)
    path = str(tmp_path / name)
    soundfile.write(path, np.stack((tone, tone / 2), axis=1) * 0.5, 16000, subtype=subtype)
    recording = read_recording(path)
    assert (recording.rate, recording.width, recording.channels) == (16000, 2, 2)
    assert recording.seconds == pytest.approx(1.0, abs=0.01)
    left, right = np.frombuffer(recording.pcm, np.int16).reshape(-1, 2).astype(float).T
    assert np.abs(left).max() == pytest.approx(16384, rel=0.1)
    assert np.abs(right).max() == pytest.approx(8192, rel=0.1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"no sound", "not a supported audio file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not a supported audio file"),
        (wav(16000, 2, 1, b"")[:30], "not a supported audio file"),
    ],
)
def test_no_recording(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=told) as caught:
        read_recording(str(path))
    assert str(path) in str(caught.value)
    assert "0x" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("title", [b"Song", b"\xff\xfe\xfd\xfc"], ids=["text", "damaged"])
def test_film_is_heard_with_av(tmp_path: Path, title: bytes) -> None:
    av = pytest.importorskip("av")
    path = str(tmp_path / "a.m4a")
    tone = (np.sin(np.arange(48000) / 10) * 16384).astype(np.int16)
    with av.open(path, "w") as file:
        file.metadata["title"] = "Song"
        stream = file.add_stream("aac", rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None], "s16", "stereo")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode()]:
            file.mux(packet)
    content = Path(path).read_bytes()
    assert b"Song" in content
    Path(path).write_bytes(content.replace(b"Song", title))
    recording = read_recording(path)
    assert (recording.rate, recording.width, recording.channels) == (48000, 2, 2)
    assert recording.seconds == pytest.approx(1.0, abs=0.1)
    middle = np.frombuffer(recording.pcm, np.int16)[20000:60000].astype(int)
    assert np.abs(middle).max() == pytest.approx(16384, rel=0.1)


@given(
    st.sampled_from([("WAV", "GSM610"), ("WAVEX", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")]),
    st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=8),
    st.integers(1, 4000),
)
def test_damaged_files_are_read_or_refused(
    form: tuple[str, str], changes: list[tuple[int, int]], length: int
) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(1600), 16000, format=form[0], subtype=form[1])
    raw = bytearray(file.getvalue())[:length]
    for place, value in changes:
        raw[place % len(raw)] = value
    with tempfile.NamedTemporaryFile(suffix=".wav") as damaged:
        Path(damaged.name).write_bytes(raw)
        with suppress(ConfigError):
            assert read_recording(damaged.name).channels > 0


def test_without_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3")
    with pytest.raises(ConfigError) as caught:
        read_recording(str(path))
    assert str(caught.value) == (
        f"{path} is not a supported audio file (soundfile is not installed; PyAV is not installed);"
        " convert it to WAV."
    )


def test_audio_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "a.flac")
    soundfile.write(path, np.zeros(16000), 16000)
    monkeypatch.setattr(audio_formats, "MAX_DECODED_BYTES", 20_000)
    with pytest.raises(ConfigError, match=r"a\.flac has more than 20000 bytes of audio"):
        read_recording(path)


def test_places_that_do_not_work(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "nothing.wav"), "/proc/self/mem/x"):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_recording(name)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_recording(str(tmp_path / "no" / "a.wav"), AudioClip(16000, 2, 1, b""))


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MAX_FILE_BYTES", 100)
    path = tmp_path / "a.wav"
    path.write_bytes(wav(16000, 2, 1, bytes(200)))
    with pytest.raises(ConfigError, match="larger than 100 bytes"):
        read_recording(str(path))


def test_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_text("Hello.") == "Hello."
    monkeypatch.setattr(sys, "stdin", Stream("Grüß dich.\n".encode()))
    assert read_text("-") == "Grüß dich.\n"
    monkeypatch.setattr(sys, "stdin", Stream(b"\xff\xfe"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read_text("-")


def test_an_output_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken.wav").mkdir()
    for name, said in (
        ("no/x.wav", f"no/x.wav cannot be written: there is no folder {tmp_path}/no; create it"),
        ("taken.wav", "taken.wav cannot be written: it is a folder; give the name of a file."),
        ("x.m4a", "x.m4a cannot be written: .m4a is not a supported format"),
    ):
        with pytest.raises(ConfigError, match=re.escape(said)):
            require_writable(name)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigError, match=r"^x\.wav cannot be written: Permission denied\.$"):
        require_writable("x.wav")
    require_writable("-")
