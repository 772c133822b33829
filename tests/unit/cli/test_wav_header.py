"""WAV files whose headers state wrong sizes are read to the end of the file."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.cli.audio_files import read_recording
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.cli.wav_header import parse_wav

SAMPLES = np.arange(-700, 700, dtype="<i2").tobytes()
PCM_16 = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
UNKNOWN = 0xFFFFFFFF
LIST = b"INFOISFT\x0e\0\0\0Lavf58.29.100\0"


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<4sI", name, len(content) if size is None else size) + content


def riff(*chunks: bytes, size: int = 36, name: bytes = b"RIFF") -> bytes:
    return struct.pack("<4sI4s", name, size, b"WAVE") + b"".join(chunks)


def data_of(raw: bytes) -> bytes:
    contents = parse_wav(raw)
    assert contents is not None
    return contents.data


FMT = chunk(b"fmt ", PCM_16)
EXTENSIBLE = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16000, 32000, 2, 16, 22, 16, 4) + (
    b"\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
)
WRONG = {
    "data_size_0": riff(FMT, chunk(b"data", SAMPLES, 0)),
    "riff_36_list": riff(FMT, chunk(b"LIST", LIST), chunk(b"data", SAMPLES)),
    "unknown_sizes": riff(FMT, chunk(b"data", SAMPLES, UNKNOWN), size=UNKNOWN),
    "list_and_unknown_size": riff(FMT, chunk(b"LIST", LIST), chunk(b"data", SAMPLES, UNKNOWN)),
    "sizes_0": riff(FMT, chunk(b"data", SAMPLES, 0), size=0),
    "larger": riff(FMT, chunk(b"data", SAMPLES, len(SAMPLES) + 1000), size=UNKNOWN - 8),
    "signed_limit": riff(FMT, chunk(b"data", SAMPLES, 0x7FFFFFFF)),
    "smaller": riff(FMT, chunk(b"data", SAMPLES, 1000)),
    "smaller_and_odd": riff(FMT, chunk(b"data", SAMPLES, 1001)),
    "size_of_the_file": riff(FMT, chunk(b"data", SAMPLES, len(SAMPLES) + 44)),
    "list_behind": riff(FMT, chunk(b"data", SAMPLES), chunk(b"LIST", LIST)),
    "unknown_chunk_behind": riff(FMT, chunk(b"data", SAMPLES), chunk(b"oWn1", b"abc\0")),
    "cut_list_behind": riff(FMT, chunk(b"data", SAMPLES), chunk(b"LIST", LIST[:9], 26)),
    "odd_list_padded": riff(FMT, chunk(b"LIST", LIST[:-1]) + b"\0", chunk(b"data", SAMPLES)),
    "odd_list_unpadded": riff(FMT, chunk(b"LIST", LIST[:-1]), chunk(b"data", SAMPLES)),
    "even_list_padded": riff(FMT, chunk(b"LIST", LIST) + b"\0", chunk(b"data", SAMPLES)),
    "list_size_0": riff(FMT, chunk(b"LIST", LIST, 0), chunk(b"data", SAMPLES)),
    "list_size_unknown": riff(FMT, chunk(b"LIST", LIST, UNKNOWN), chunk(b"data", SAMPLES, 0)),
    "list_before_format": riff(chunk(b"LIST", LIST), FMT, chunk(b"data", SAMPLES, 0)),
    "format_of_18_bytes": riff(chunk(b"fmt ", PCM_16 + b"\0\0"), chunk(b"data", SAMPLES, 0)),
    "extensible": riff(chunk(b"fmt ", EXTENSIBLE), chunk(b"data", SAMPLES, 0)),
    "extensible_right": riff(chunk(b"fmt ", EXTENSIBLE), chunk(b"data", SAMPLES)),
    "rf64": riff(
        chunk(b"ds64", struct.pack("<QQQI", 0, len(SAMPLES), 0, 0)),
        *(FMT, chunk(b"data", SAMPLES, UNKNOWN), chunk(b"LIST", LIST)),
        name=b"RF64",
        size=UNKNOWN,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_all_samples_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(WRONG[name])
    assert read_recording(str(path)) == AudioClip(16000, 2, 1, SAMPLES)


@pytest.mark.parametrize("size", [0, 1, 1001, UNKNOWN])
def test_floating_point_samples_with_a_wrong_size(tmp_path: Path, size: int) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.linspace(-0.5, 0.5, 1000), 16000, format="WAV", subtype="FLOAT")
    raw = bytearray(file.getvalue())
    struct.pack_into("<I", raw, raw.index(b"data") + 4, size)
    path = tmp_path / "a.wav"
    path.write_bytes(raw)
    samples = np.frombuffer(read_recording(str(path)).pcm, np.int16)
    assert len(samples) == 1000
    assert samples[0] == -16384


def test_incomplete_last_frame_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(riff(FMT, chunk(b"data", SAMPLES[:-1], 0)))
    assert read_recording(str(path)).pcm == SAMPLES[:-2]


@pytest.mark.parametrize("behind", [b"", b"\0", chunk(b"LIST", LIST)])
def test_recording_without_samples(behind: bytes) -> None:
    assert data_of(riff(FMT, chunk(b"data", b""), behind)) in {b"", b"\0"}


@pytest.mark.parametrize(
    "raw", [b"", b"RIFF", riff(), riff(FMT), riff(chunk(b"data", SAMPLES)), b"OggS" + bytes(40)]
)
def test_no_wav_file(raw: bytes) -> None:
    assert parse_wav(raw) is None


@given(st.binary(max_size=300), st.integers(0, UNKNOWN), st.binary(max_size=60))
def test_any_bytes_are_parsed(samples: bytes, size: int, between: bytes) -> None:
    contents = parse_wav(riff(FMT, between, chunk(b"data", samples, size)))
    assert contents is None or len(contents.data) <= len(samples) + len(between) + 100
