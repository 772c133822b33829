"""Audio files of any format, damaged files, and files that are made to do harm."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.audio_file_formats import (
    EVERY_FORMAT,
    audio_file,
)
from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder
from wyoming_voice_stack.codecs import decoding, mp4_boxes
from wyoming_voice_stack.codecs.decoding import BLOCK_BYTES, MAX_DAMAGED_PACKETS, decode_file
from wyoming_voice_stack.codecs.mp4_boxes import MAX_CLAIMED_PACKETS, check_boxes, is_mp4
from wyoming_voice_stack.errors import UnsupportedAudio


def tone(seconds: float = 1.0, rate: int = 16_000) -> Samples:
    radians = np.arange(round(seconds * rate)) * (2765 / rate)
    return np.asarray(np.sin(radians) * 0.5, np.float32)


def decoded(file: bytes) -> tuple[PcmFormat, bytes]:
    pieces = list(decode_file(file))
    assert {piece.pcm for piece in pieces} == {pieces[0].pcm}
    return pieces[0].pcm, b"".join(piece.data for piece in pieces)


@pytest.mark.parametrize("kind", EVERY_FORMAT)
def test_every_format(kind: str) -> None:
    file = audio_file(kind, tone(rate=48_000), rate=48_000, channels=2)
    pcm, data = decoded(file)
    assert pcm == PcmFormat(48_000, 2, 2)
    assert len(data) / 4 / 48_000 == pytest.approx(1.0, abs=0.03)
    middle = np.frombuffer(data, np.int16)[20_000:60_000].astype(int)
    assert np.abs(middle).max() == pytest.approx(16_384, rel=0.1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["wav 8 bit", "wav", "wav 24 bit"])
def test_rates_and_widths_of_wav(kind: str, rate: int) -> None:
    pcm, data = decoded(audio_file(kind, tone(rate=rate), rate=rate))
    assert pcm == PcmFormat(rate, 2, 1)
    assert np.abs(np.frombuffer(data, np.int16).astype(int)).max() == pytest.approx(16_384, abs=150)
    assert len(data) == 2 * rate


def test_channels_that_cancel_are_heard() -> None:
    opposite = np.stack([tone(), -tone()], axis=1)
    pcm, data = decoded(audio_file("wav", opposite, channels=2))
    decoder = SpeechDecoder(pcm)
    mono = np.concatenate([decoder.push(data), decoder.finish()])
    assert np.abs(mono).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "ogg", "flac", "wav", "wav 24 bit"])
def test_channels_stay_apart(kind: str) -> None:
    """Some decoders return one channel after the other."""
    sides = np.stack([tone(), np.zeros_like(tone())], axis=1)
    pcm, data = decoded(audio_file(kind, sides, channels=2))
    assert pcm.channels == 2
    left, right = np.abs(np.frombuffer(data, np.int16).reshape(-1, 2).astype(int)).mean(axis=0)
    assert left > 20 * right + 5000


def test_long_audio_arrives_in_pieces() -> None:
    file = audio_file("flac", tone(600.0))
    pieces = decode_file(file)
    first = next(pieces)
    assert BLOCK_BYTES <= len(first.data) < 2 * BLOCK_BYTES
    pieces.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(pieces)


def test_a_header_of_unknown_length() -> None:
    file = bytearray(audio_file("wav", tone()))
    data = file.index(b"data")
    file[4:8] = file[data + 4 : data + 8] = b"\xff\xff\xff\xff"
    assert len(decoded(bytes(file))[1]) == 32_000


@pytest.mark.parametrize("kind", ["mp3", "ogg", "webm", "flac", "wav"])
def test_a_file_that_was_cut_off_is_decoded_as_far_as_it_goes(kind: str) -> None:
    file = audio_file(kind, tone(4.0))
    _, data = decoded(file[: len(file) // 2])
    assert 1.0 <= len(data) / 32_000 <= 10.0


def test_damaged_packets_are_left_out() -> None:
    file = bytearray(audio_file("m4a", tone(4.0)))
    middle = len(file) // 2
    file[middle : middle + 60] = b"\xff" * 60
    assert len(decoded(bytes(file))[1]) / 32_000 > 3.0


class Damaged:
    """A packet that is damaged."""

    def decode(self) -> list[object]:
        raise av.InvalidDataError(1, "damaged")


class Damaging:
    """A container of which some packets are damaged."""

    def __init__(self, damaged: int) -> None:
        self._damaged = damaged

    def demux(self, stream: object) -> list[Damaged]:
        del stream
        return [Damaged()] * self._damaged


def test_a_file_of_damaged_packets_is_refused() -> None:
    assert list(decoding._frames(av, Damaging(MAX_DAMAGED_PACKETS), None)) == []
    with pytest.raises(UnsupportedAudio, match="is damaged; send it again"):
        list(decoding._frames(av, Damaging(MAX_DAMAGED_PACKETS + 1), None))


def test_nothing_is_read_before_the_begin_of_a_file() -> None:
    file = decoding._Memory(b"audio")
    assert (file.seek(-9, io.SEEK_END), file.read()) == (0, b"audio")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no audio at all" * 100,
        b"RIFF",
        bytes(1000),
        b"ID3",
        Path(sys.executable).read_bytes()[:100_000],
        b"%PDF-1.7\n" + bytes(range(256)) * 10,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/dev/zero\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=audio 5004 RTP/AVP 0\r\n",
    ],
    ids=[
        "empty",
        "text",
        "riff",
        "zeros",
        "id3",
        "program",
        "pdf",
        "m3u8",
        "concat",
        "dash",
        "sdp",
    ],
)
def test_what_is_no_audio_is_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedAudio) as caught:
        list(decode_file(content))
    assert str(caught.value) == (
        "The file is not audio in a supported format; send wav, mp3, m4a, ogg, webm or flac."
    )


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    audio = tmp_path / "a.wav"
    audio.write_bytes(audio_file("wav", tone()))
    for playlist in (
        f"ffconcat version 1.0\nfile '{audio}'\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{audio}\n#EXT-X-ENDLIST\n",
    ):
        with pytest.raises(UnsupportedAudio):
            list(decode_file(playlist.encode()))


def test_a_film_without_sound_is_refused() -> None:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame(32, 32, "yuv420p")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    with pytest.raises(UnsupportedAudio, match=r"^The file has no audio track\.$"):
        list(decode_file(sink.getvalue()))


def test_64_channels_are_refused() -> None:
    file = bytearray(audio_file("wav", tone(0.1)))
    file[22:24] = (64).to_bytes(2, "little")
    file[32:34] = (128).to_bytes(2, "little")
    with pytest.raises(UnsupportedAudio, match="channel count 64"):
        list(decode_file(bytes(file)))


@pytest.mark.parametrize("container", ["avi", "asf", "mpegts"])
def test_a_container_that_is_not_allowed_is_refused(container: str) -> None:
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as file:
        stream = file.add_stream("libmp3lame", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16", "mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    with pytest.raises(UnsupportedAudio, match="not audio in a supported format"):
        list(decode_file(sink.getvalue()))


def test_audio_in_a_format_that_is_not_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    file = audio_file("flac", tone())
    monkeypatch.setattr("wyoming_voice_stack.codecs.decoding.DECODERS", ("opus",))
    with pytest.raises(UnsupportedAudio, match="not audio in a supported format"):
        list(decode_file(file))


def test_packets_are_counted_in_all_tables_but_not_in_the_audio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    m4a = audio_file("m4a", tone())
    assert is_mp4(m4a)
    check_boxes(m4a)
    in_audio = m4a + (24).to_bytes(4, "big") + b"mdat" + b"stsz" + b"\xff" * 12
    check_boxes(in_audio)
    # Long audio has its length in eight more bytes.
    length = (1).to_bytes(4, "big") + b"mdat" + (32).to_bytes(8, "big")
    long_audio = m4a + length + b"stsz" + b"\xff" * 12
    check_boxes(long_audio)
    with pytest.raises(UnsupportedAudio, match="packets"):
        check_boxes(long_audio + (24).to_bytes(4, "big") + b"free" + b"stsz" + b"\xff" * 12)
    for size in (0, 7, 5000):
        with pytest.raises(UnsupportedAudio, match=f"more than {MAX_CLAIMED_PACKETS};"):
            check_boxes(m4a + size.to_bytes(4, "big") + b"free" + b"stsz" + b"\xff" * 12)
    with pytest.raises(UnsupportedAudio, match="compressed"):
        check_boxes(m4a + (16).to_bytes(4, "big") + b"moov" + bytes(4) + b"cmov")
    monkeypatch.setattr(mp4_boxes, "MAX_CLAIMED_PACKETS", 10)
    with pytest.raises(UnsupportedAudio, match="more than 10;"):
        list(decode_file(m4a))


def test_without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UnsupportedAudio, match=r"^PyAV is not installed; run: pip install av$"):
        list(decode_file(b"x"))


@given(
    st.sampled_from(["wav", "mp3", "m4a", "ogg", "webm", "flac", "m4a in fragments"]),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12),
    st.integers(1, 6000),
)
@settings(max_examples=150, deadline=None)
def test_any_damage_is_decoded_or_refused(
    kind: str, changes: list[tuple[int, int]], length: int
) -> None:
    file = bytearray(audio_file(kind, tone(0.3)))[:length]
    for place, value in changes:
        file[place % len(file)] = value
    try:
        pieces = list(decode_file(bytes(file)))
    except UnsupportedAudio:
        return
    assert all(piece.data for piece in pieces)


@pytest.mark.parametrize(
    ("piece", "most", "what"),
    [
        # The first box says what the file is.
        ((8).to_bytes(4, "big") + b"free", mp4_boxes.MAX_BOXES - 1, f"{mp4_boxes.MAX_BOXES} boxes"),
        (b"stsz" + bytes(16), mp4_boxes.MAX_TABLES, f"{mp4_boxes.MAX_TABLES} tables"),
    ],
)
def test_mp4_of_millions_of_pieces_is_refused_without_reading_them_all(
    piece: bytes, most: int, what: str
) -> None:
    begin = (16).to_bytes(4, "big") + b"ftypM4A " + bytes(4)
    check_boxes(begin + piece * most)
    with pytest.raises(UnsupportedAudio, match=what):
        check_boxes(begin + piece * (most + 1))
