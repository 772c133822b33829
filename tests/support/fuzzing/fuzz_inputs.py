"""Valid requests, and hypothesis strategies for what is nearly one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from wyoming_voice_stack.protocol.framing import encode

FORM = (16000, 2, 1)
TYPES = (
    *("describe", "ping", "select-program", "transcribe", "audio-start", "audio-chunk"),
    *("audio-stop", "synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop"),
    *("run-pipeline", "unknown"),
)
FIELDS = (
    *("text", "voice", "language", "name", "rate", "width", "channels", "timestamp"),
    *("transcript_names", "transcript_terms", "context", "speaker", "text_format"),
)
REQUESTS = (
    [Event("describe"), Event("ping", {"text": "a"})],
    [
        Event("transcribe", {"language": "en", "transcript_names": ["Kitchen"]}),
        AudioStart(*FORM).event(),
        AudioChunk(*FORM, bytes(640)).event(),
        AudioStop().event(),
    ],
    [Synthesize(text="The light is on.").event()],
    [
        SynthesizeStart().event(),
        SynthesizeChunk("The light ").event(),
        SynthesizeChunk("is on. ").event(),
        SynthesizeStop().event(),
    ],
)
HTTP_SEEDS = (
    b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"POST /metrics HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab",
)
WYOMING_SEEDS = tuple(b"".join(map(encode, events)) for events in REQUESTS)
SEEDS = (*WYOMING_SEEDS, *HTTP_SEEDS)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
event_data = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), json_values, max_size=5)


def _frame(kind: str, data: dict[str, Any], payload: bytes, lengths: dict[str, Any]) -> bytes:
    block = json.dumps(data).encode()
    header = {"type": kind, "data_length": len(block), "payload_length": len(payload), **lengths}
    return json.dumps(header).encode() + b"\n" + block + payload


wrong_lengths = st.dictionaries(
    st.sampled_from(("data_length", "payload_length")),
    st.integers(-2, 2000) | st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    max_size=1,
)
frames = st.builds(
    _frame, st.sampled_from(TYPES), event_data, st.binary(max_size=64), st.just({}) | wrong_lengths
)


@st.composite
def changed_seeds(draw: st.DrawFn) -> bytes:
    """A valid request in which some bytes are replaced."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=6))
    return bytes(data)


streams = st.lists(frames, max_size=6).map(b"".join) | changed_seeds() | st.binary(max_size=200)
"""What a client may send."""
