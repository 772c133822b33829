from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.speech import say
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.recording import Recording
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.errors import UnsupportedAudio, UtteranceTooLong

PLAIN = PcmFormat(SAMPLE_RATE, 2, 1)
LONG = 100 * SAMPLE_RATE
ROUNDING = 0.6 / 2**15
"""A resampled sound is kept as 16-bit samples."""


def whole(recording: Recording) -> Samples:
    return recording.excerpt(0, recording.samples).samples()


def decoded(pcm: PcmFormat, audio: bytes) -> Samples:
    decoder = SpeechDecoder(pcm, SAMPLE_RATE)
    return np.concatenate([decoder.push(audio), decoder.finish()])


@settings(deadline=None, max_examples=25)
@given(
    cuts=st.lists(st.integers(0, 60_000), max_size=10),
    rate=st.sampled_from([8_000, 16_000, 22_050, 48_000]),
)
@example(cuts=[3, 7], rate=16_000)
def test_chunk_sizes_do_not_matter(cuts: list[int], rate: int) -> None:
    pcm = PcmFormat(rate, 2, 1)
    audio = to_pcm16(say("No, thank you very much.", rate))[:60_000]
    recording = Recording(LONG)
    for first, stop in pairwise([0, *sorted(cuts), len(audio)]):
        recording.append(pcm, audio[first:stop])
    recording.flush()
    np.testing.assert_allclose(whole(recording), decoded(pcm, audio), atol=ROUNDING)
    assert recording.seconds == len(whole(recording)) / SAMPLE_RATE


def test_nothing_was_recorded() -> None:
    recording = Recording(LONG)
    recording.flush()
    assert (recording.samples, recording.seconds, len(whole(recording))) == (0, 0.0, 0)


def test_excerpts_are_the_same_after_growing() -> None:
    generator = np.random.default_rng(0)
    sound = generator.uniform(-1, 1, 40 * SAMPLE_RATE).astype(np.float32)
    audio = to_pcm16(sound)
    recording = Recording(LONG)
    recording.append(PLAIN, audio[:64_000])
    early = recording.excerpt(1_000, 30_000)
    before = early.samples()
    for first in range(64_000, len(audio), 64_000):
        recording.append(PLAIN, audio[first : first + 64_000])
    np.testing.assert_array_equal(early.samples(), before)
    np.testing.assert_array_equal(recording.excerpt(1_000, 30_000).samples(), before)
    np.testing.assert_allclose(whole(recording), sound, atol=1 / 2**15)


def test_a_format_may_change_within_and_nothing_is_lost() -> None:
    high, low = PcmFormat(48_000, 2, 1), PcmFormat(8_000, 4, 2)
    first, second, third = (b"\x10\x20" * 4_800, b"\x10\x20\x30\x00" * 1_600, b"\x01\x02" * 1_000)
    recording = Recording(LONG)
    for pcm, audio in ((high, first), (low, second), (PLAIN, third)):
        recording.append(pcm, audio)
    expected = [decoded(high, first), decoded(low, second), decoded(PLAIN, third)]
    np.testing.assert_allclose(whole(recording), np.concatenate(expected), atol=ROUNDING)


def test_flush_appends_the_held_samples_once() -> None:
    pcm = PcmFormat(44_100, 2, 1)
    recording = Recording(LONG)
    recording.append(pcm, bytes(44_100))
    early = recording.samples
    recording.flush()
    recording.flush()
    assert early < recording.samples == SAMPLE_RATE // 2


def test_it_may_be_as_long_as_the_limit_and_no_longer() -> None:
    recording = Recording(2 * SAMPLE_RATE)
    recording.append(PLAIN, bytes(4 * SAMPLE_RATE))
    assert recording.seconds == 2.0
    recording.append(PLAIN, b"")
    with pytest.raises(UtteranceTooLong, match=r"longer than 2 s.*ASR_MAX_UTTERANCE_SECONDS"):
        recording.append(PLAIN, b"\0\0")
    assert recording.seconds == 2.0


def test_a_limit_beyond_the_initial_buffer_is_kept_too() -> None:
    recording = Recording(20 * SAMPLE_RATE)
    for _ in range(20):
        recording.append(PLAIN, bytes(2 * SAMPLE_RATE))
    with pytest.raises(UtteranceTooLong):
        recording.append(PLAIN, b"\0\0")
    assert recording.samples == 20 * SAMPLE_RATE


def test_one_chunk_above_the_limit_is_rejected() -> None:
    with pytest.raises(UtteranceTooLong):
        Recording(1_000).append(PLAIN, bytes(4_000))


def test_the_end_may_be_too_long_as_well() -> None:
    pcm = PcmFormat(44_100, 2, 1)
    recording = Recording(SAMPLE_RATE // 2 - 1)
    recording.append(pcm, bytes(44_100))
    with pytest.raises(UtteranceTooLong):
        recording.flush()


def test_unsupported_formats_are_rejected() -> None:
    with pytest.raises(UnsupportedAudio):
        Recording(1_000).append(PcmFormat(16_000, 5, 1), b"")
