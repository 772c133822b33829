"""When the first chunk of a sentence is due."""

from __future__ import annotations

import math
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from wyoming_voice_stack.tts.engines.xtts.audio_queue import AudioQueue
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import (
    FIRST_CHUNK_S,
    FIRST_CHUNK_TOKENS,
    SECOND_CHUNK_TOKENS,
    TOKEN_S,
    DecodingRequest,
    DecodingStream,
    first_chunk_tokens,
)
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning


@pytest.mark.parametrize(
    ("step_s", "window_s", "tokens"),
    [
        (0.005, 0.02, FIRST_CHUNK_TOKENS),
        (0.026, 0.12, 13),
        (0.04, 0.12, 15),
        (0.04, 0.3, SECOND_CHUNK_TOKENS - 1),
        (TOKEN_S, 0.12, FIRST_CHUNK_TOKENS),
        (0.0, 0.0, FIRST_CHUNK_TOKENS),
    ],
    ids=["card", "fast", "slower", "vocoder", "slower than speech", "not measured"],
)
def test_the_first_chunk_plays_until_the_second_is_ready(
    step_s: float, window_s: float, tokens: int
) -> None:
    assert first_chunk_tokens(step_s, window_s) == tokens
    if FIRST_CHUNK_TOKENS < tokens < SECOND_CHUNK_TOKENS - 1:
        waits_s = [(SECOND_CHUNK_TOKENS - n) * step_s + window_s for n in (tokens, tokens - 1)]
        assert waits_s[0] <= FIRST_CHUNK_S < waits_s[1]


@pytest.mark.parametrize(
    ("speed", "buffered_s", "tokens"),
    [(1.0, -math.inf, 13), (2.0, -math.inf, 26), (1.0, 0.5, FIRST_CHUNK_TOKENS)],
    ids=["first sentence", "twice as fast", "next sentence"],
)
def test_steps_are_measured(speed: float, buffered_s: float, tokens: int) -> None:
    now = 0.0
    playback: Any = SimpleNamespace(buffered_s=buffered_s)
    request = DecodingRequest((1,), SpeakerConditioning("anna", "anna"), speed, playback)
    queue = AudioQueue(threading.Condition(), 24_000)
    stream = DecodingStream(request, queue, lambda: now)
    stream.vocoder_stream = SimpleNamespace(add=lambda _: None, has_more=False, window_s=0.12)
    stream.add(7, None)
    while not stream.due:
        now += 0.026 / speed
        stream.add(7, None)
    assert stream.token_count == tokens


def test_the_next_chunk_is_due_once_the_vocoder_has_a_window() -> None:
    playback: Any = SimpleNamespace(buffered_s=-math.inf)
    request = DecodingRequest((1,), SpeakerConditioning("anna", "anna"), 1.0, playback)
    stream = DecodingStream(request, AudioQueue(threading.Condition(), 24_000))
    # A window is less than the tokens that there are.
    stream.vocoder_stream = SimpleNamespace(
        add=lambda _: None, has_more=False, pull=lambda **_: [0.0], decoded_tokens=7.4
    )
    for _ in range(13):
        stream.add(7, None)
    stream.pull()
    playback.buffered_s = 0.1
    while not stream.due:
        stream.add(7, None)
    assert stream.token_count == SECOND_CHUNK_TOKENS
