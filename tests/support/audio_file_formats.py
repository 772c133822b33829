"""Audio files in the formats that clients upload, made by PyAV, and files that only pretend to be audio."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16

SPEECH_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
"""Formats in which the API speaks, with their content types."""

_ENCODINGS = {
    "wav": ("wav", "pcm_s16le"),
    "wav 8 bit": ("wav", "pcm_u8"),
    "wav 24 bit": ("wav", "pcm_s24le"),
    "wav 32 bit": ("wav", "pcm_s32le"),
    "wav float": ("wav", "pcm_f32le"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("mp4", "aac"),
    "m4a in fragments": ("mp4", "aac"),
    "ogg": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "webm of a browser": ("webm", "libopus"),
    "flac": ("flac", "flac"),
    "aac": ("adts", "aac"),
}
EVERY_FORMAT = tuple(_ENCODINGS)
_OPTIONS: Mapping[str, dict[str, str]] = {
    "m4a in fragments": {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    # Like MediaRecorder: neither a duration nor a way to seek.
    "webm of a browser": {"live": "1"},
}
_FOR_PCM = {"pcm_u8": "u8", "pcm_s24le": "s32", "pcm_s32le": "s32", "pcm_f32le": "flt"}


def audio_file(
    kind: str,
    samples: Samples,
    *,
    rate: int = SAMPLE_RATE,
    channels: int = 1,
) -> bytes:
    """A file of this kind; `samples` have the shape [samples] or [samples, channels] and this rate."""
    import av

    container, codec = _ENCODINGS[kind]
    wide = np.broadcast_to(samples.reshape(len(samples), -1), (len(samples), channels))
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    sink = io.BytesIO()
    with av.open(sink, "w", format=container, options=_OPTIONS.get(kind, {})) as file:
        stream: Any = file.add_stream(codec, rate=rate, layout=layout)
        if codec in _FOR_PCM:
            stream.format = _FOR_PCM[codec]
        packed = np.frombuffer(to_pcm16(wide), np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return sink.getvalue()


def with_cover(mp3: bytes, picture: bytes) -> bytes:
    """An MP3 file with a PNG picture in front."""
    content = b"\0image/png\0\3\0" + picture
    frame = b"APIC" + struct.pack(">I", len(content)) + b"\0\0" + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frame + mp3


def huge_picture(side: int) -> bytes:
    """A black PNG picture of `side` by `side` pixels, in few bytes."""
    row, squeezed = bytes(1 + 3 * side), zlib.compressobj(9)
    pixels = b"".join([*(squeezed.compress(row) for _ in range(side)), squeezed.flush()])
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def claiming_packets(m4a: bytes, count: int) -> bytes:
    """An M4A file whose tables claim this many packets, of a size that needs no bytes."""
    table, chunks = m4a.index(b"stsz"), m4a.index(b"stsc")
    changed = bytearray(m4a)
    changed[table + 8 : table + 16] = struct.pack(">II", 100, count)
    changed[chunks + 16 : chunks + 20] = struct.pack(">I", count)
    return bytes(changed)


def claiming_packets_in_a_fragment(m4a: bytes, count: int) -> bytes:
    """The same for an M4A file in fragments."""
    run = m4a.index(b"trun")
    changed = bytearray(m4a)
    changed[run + 4 : run + 12] = b"\0\0\0\1" + struct.pack(">I", count)
    return bytes(changed)
