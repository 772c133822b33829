from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.errors import UnsupportedAudio

FULL_SCALE = {1: 2**7, 2: 2**15, 3: 2**23, 4: 2**31}
RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000)


def encode(channels: npt.NDArray[np.float64], width: int) -> bytes:
    """Samples of shape [frames, channels] as PCM, written apart from the code under test."""
    top = FULL_SCALE[width]
    numbers = np.clip(np.rint(channels * top), -top, top - 1).astype(np.int64)
    if width == 1:
        return (numbers + 128).astype(np.uint8).tobytes()
    frames = numbers.astype("<i8").reshape(-1, 1).view(np.uint8)
    return frames[:, :width].tobytes()


def decode(pcm: PcmFormat, data: bytes, cuts: list[int] | None = None) -> npt.NDArray[np.float32]:
    decoder = SpeechDecoder(pcm)
    edges = [0, *sorted(cuts or []), len(data)]
    pieces = [decoder.push(data[a:b]) for a, b in pairwise(edges)]
    return np.concatenate([*pieces, decoder.finish()])


def tone(frequency: float, rate: int, seconds: float = 0.5) -> npt.NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def strongest(samples: npt.NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


@pytest.mark.parametrize(
    ("rate", "width", "channels"),
    [
        *product(RATES, (2,), (1, 2)),
        *product((8_000, 48_000), (1, 3, 4), (1, 2)),
        *product((16_000, 44_100), (2, 3), (3, 4, 5, 6)),
    ],
)
def test_a_tone_stays_the_tone_at_its_level_and_length(
    rate: int, width: int, channels: int
) -> None:
    frames = np.repeat(tone(440, rate)[:, None], channels, axis=1)
    heard = decode(PcmFormat(rate, width, channels), encode(frames, width))
    assert len(heard) == pytest.approx(8_000, abs=16)
    assert strongest(heard) == pytest.approx(440, abs=2)
    middle = heard[1_000:-1_000]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert heard.dtype == np.float32


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_16_khz_cannot_carry_is_removed_not_folded(rate: int) -> None:
    heard = decode(PcmFormat(rate, 2, 1), encode(tone(10_000, rate)[:, None], 2))
    assert np.abs(heard[400:-400]).max() < 1e-3


def mixed(*channels: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return decode(PcmFormat(16_000, 2, len(channels)), encode(np.stack(channels, 1), 2))


def test_channels_are_averaged() -> None:
    low, high = tone(440, 16_000), tone(1_000, 16_000)
    np.testing.assert_allclose(mixed(low, high), (low + high) / 2, atol=1e-4)
    np.testing.assert_allclose(mixed(low, 0 * low), low / 2, atol=1e-4)


@pytest.mark.parametrize("signs", [(1, -1), (1, -0.5), (1, -1, 1, -1), (0, 1, -1), (1, 1, -1)])
@pytest.mark.parametrize("offset", [0, 0.3])
def test_channels_of_opposite_polarity_do_not_cancel(
    signs: tuple[float, ...], offset: float
) -> None:
    source = tone(440, 16_000)
    heard = mixed(*(sign * source + offset for sign in signs))
    level = np.abs(signs).mean() * np.sqrt(np.mean(source**2))
    assert np.std(heard) == pytest.approx(level, rel=0.02)


def test_a_channel_is_turned_over_without_a_click() -> None:
    source = tone(100, 16_000, 1.0)
    heard = mixed(source, np.concatenate([0.1 * source[:4_000], -source[4_000:]]))
    assert np.std(heard[12_000:]) == pytest.approx(np.std(source), rel=0.02)
    steepest = np.abs(np.diff(source)).max()
    assert np.abs(np.diff(heard)).max() < 2 * steepest


def test_the_polarity_of_channels_is_kept_through_silence_and_noise() -> None:
    source = np.concatenate([tone(440, 16_000), np.zeros(8_000), tone(440, 16_000)])
    noise = np.random.default_rng(0).normal(0, 0.001, (2, len(source)))
    heard = mixed(source + noise[0], -source + noise[1])
    np.testing.assert_allclose(heard, source, atol=0.01)


@pytest.mark.parametrize(
    ("width", "data", "samples"),
    [
        (1, b"\x00\x80\xff", [-1.0, 0.0, 127 / 128]),
        (2, b"\x00\x80\x00\x00\xff\x7f", [-1.0, 0.0, 32_767 / 32_768]),
        (3, b"\x00\x00\x80\x00\x00\x00\x00\x00\x40", [-1.0, 0.0, 0.5]),
        (4, b"\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x40", [-1.0, 0.0, 0.5]),
    ],
)
def test_samples_of_each_width(width: int, data: bytes, samples: list[float]) -> None:
    assert decode(PcmFormat(16_000, width, 1), data).tolist() == pytest.approx(samples)


@settings(deadline=None, max_examples=60)
@given(
    rate=st.sampled_from((8_000, 16_000, 22_050, 48_000)),
    width=st.integers(1, 4),
    channels=st.integers(1, 3),
    data=st.binary(max_size=4_000),
    cuts=st.lists(st.integers(0, 4_000), max_size=12),
)
def test_any_cut_gives_the_same_samples(
    rate: int, width: int, channels: int, data: bytes, cuts: list[int]
) -> None:
    pcm = PcmFormat(rate, width, channels)
    whole = decode(pcm, data)
    in_pieces = decode(pcm, data, [min(cut, len(data)) for cut in cuts])
    np.testing.assert_allclose(in_pieces, whole, rtol=0, atol=1e-6)


def test_single_bytes_of_resampled_sound_give_the_same_samples() -> None:
    pcm = PcmFormat(44_100, 3, 2)
    data = encode(np.repeat(tone(440, 44_100, 0.1)[:, None], 2, axis=1), 3)
    np.testing.assert_allclose(
        decode(pcm, data, list(range(len(data)))), decode(pcm, data), rtol=0, atol=1e-6
    )


def test_an_incomplete_frame_at_the_end_is_dropped() -> None:
    assert len(decode(PcmFormat(16_000, 2, 2), bytes(4 * 10 + 3))) == 10


def test_no_sound_at_all() -> None:
    assert len(decode(PcmFormat(48_000, 2, 2), b"")) == 0


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((3_999, 2, 1), "3999.*4000 to 384000 Hz"),
        ((384_001, 2, 1), "384001.*4000 to 384000 Hz"),
        ((16_000, 0, 1), "width 0.*1 to 4 bytes"),
        ((16_000, 5, 1), "width 5.*1 to 4 bytes"),
        ((16_000, 2, 0), "count 0.*1 to 16 channels"),
        ((16_000, 2, 17), "count 17.*1 to 16 channels"),
        (("16000", 2, 1), "'16000'.*4000 to 384000"),
        ((16_000, True, 1), "True.*1 to 4"),
        ((16_000.5, 2, 1), r"16000\.5"),
        ((16_000, 2, None), "None"),
    ],
)
def test_formats_out_of_range_are_refused(values: tuple[int, int, int], named: str) -> None:
    with pytest.raises(UnsupportedAudio, match=named):
        PcmFormat(*values)


@pytest.mark.parametrize("values", [(4_000, 1, 1), (384_000, 4, 16), (44_056, 3, 7)])
def test_formats_at_the_bounds_are_taken(values: tuple[int, int, int]) -> None:
    pcm = PcmFormat(*values)
    assert len(decode(pcm, bytes(pcm.frame_bytes * values[0] // 10))) == pytest.approx(
        1_600, abs=16
    )


def test_pcm16_is_clipped_and_free_of_nan() -> None:
    pcm = to_pcm16([0.0, 0.5, 1.0, -1.0, 7.0, -7.0, np.nan, np.inf, -np.inf])
    assert np.frombuffer(pcm, "<i2").tolist() == [
        *(0, 16_384, 32_767, -32_768, 32_767, -32_768, 0, 32_767, -32_768)
    ]


def test_samples_of_damaged_files_become_pcm16_without_a_warning() -> None:
    signalling_nan = np.frombuffer(bytes.fromhex("0000a07f"), "<f4")
    largest = np.finfo(np.float32).max
    pcm = to_pcm16(np.concatenate([np.array([largest, -largest]), signalling_nan]))
    assert np.frombuffer(pcm, "<i2").tolist() == [32_767, -32_768, 0]
    doubles = to_pcm16(np.array([1e308, -1e308]))
    assert np.frombuffer(doubles, "<i2").tolist() == [32_767, -32_768]


@given(st.binary(max_size=200).filter(lambda data: len(data) % 2 == 0))
def test_pcm16_comes_back_as_it_was(data: bytes) -> None:
    assert to_pcm16(decode(PcmFormat(16_000, 2, 1), data)) == data
