"""What is encoded in pieces is one stream, which other libraries read in its whole length."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from itertools import pairwise

import av
import numpy as np
import pytest
import soundfile

from wyoming_voice_stack.codecs import compressed_encoding, encoding
from wyoming_voice_stack.codecs.encoding import (
    OUTPUT_FORMATS,
    PCM_RATE,
    WAV_HEADER_BYTES,
    AudioEncoder,
    open_encoder,
    require_encoder,
    wav_header,
)
from wyoming_voice_stack.errors import EngineError, RequestError
from wyoming_voice_stack.tts.engine import Samples

SECONDS = 2.03
RATES = (8000, 16_000, 22_050, 24_000, 44_100)
OPUS_RATES = {8000: 8000, 16_000: 16_000, 22_050: 24_000, 24_000: 24_000, 44_100: 48_000}


def tone(rate: int, seconds: float = SECONDS) -> Samples:
    time = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def pieces_of(encoder: AudioEncoder, samples: Samples, rate: int) -> Iterator[bytes]:
    """What each tenth of a second gives, and the rest."""
    for begin in range(0, len(samples), rate // 10):
        yield encoder.push(samples[begin : begin + rate // 10])
    yield encoder.finish()


def encode(name: str, rate: int) -> bytes:
    return b"".join(pieces_of(open_encoder(OUTPUT_FORMATS[name], rate), tone(rate), rate))


def decode(data: bytes) -> tuple[int, Samples]:
    with av.open(io.BytesIO(data), mode="r") as container:
        frames = list(container.decode(audio=0))
    samples = [frame.to_ndarray()[0] for frame in frames]
    joined = np.concatenate(samples)
    if joined.dtype == np.int16:
        joined = joined / np.float32(32_768)
    return frames[0].sample_rate, joined.astype(np.float32)


def frequency(rate: int, samples: Samples) -> float:
    inner = samples[rate // 2 : rate // 2 + rate]
    return float(np.argmax(np.abs(np.fft.rfft(inner * np.hanning(len(inner))))))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "wav"])
def test_a_stream_decodes_to_the_same_tone(name: str, rate: int) -> None:
    decoded_rate, samples = decode(encode(name, rate))
    # mp3 and aac fill up their last frame, and the first one begins before the audio.
    exact = name in {"opus", "flac", "wav"}
    slack = 0.001 if exact else 2100 / rate
    assert len(samples) / decoded_rate == pytest.approx(SECONDS, abs=slack)
    assert frequency(decoded_rate, samples) == pytest.approx(440, abs=2)
    # Where a tone begins and ends suddenly, aac is louder.
    assert np.abs(samples[3000:-3000]).max() == pytest.approx(0.5, abs=0.05)
    if name == "opus":
        # Its decoder always gives 48 kHz; the header has the rate before.
        head = encode(name, rate)[:60]
        at = head.index(b"OpusHead")
        assert int.from_bytes(head[at + 12 : at + 16], "little") == OPUS_RATES[rate]
    else:
        assert decoded_rate == rate


def test_mp3_begins_with_a_frame_of_audio() -> None:
    data = encode("mp3", 22_050)
    assert data[0] == 0xFF
    # A header with the number of frames would say that there are none.
    assert b"Xing" not in data[:1000]
    assert b"Info" not in data[:1000]


def test_a_rate_that_a_format_does_not_take_is_converted() -> None:
    rate, samples = decode(encode("mp3", 20_000))
    assert rate == 22_050
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.1)
    assert frequency(rate, samples) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate", RATES)
def test_pcm_has_one_rate(rate: int) -> None:
    data = encode("pcm", rate)
    assert len(data) == pytest.approx(2 * PCM_RATE * SECONDS, abs=8)
    samples = np.frombuffer(data, "<i2") / 32_768
    assert frequency(PCM_RATE, samples.astype(np.float32)) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_bytes_come_with_the_sound_and_not_at_the_end(name: str) -> None:
    rate = 22_050
    sizes = [
        len(each) for each in pieces_of(open_encoder(OUTPUT_FORMATS[name], rate), tone(rate), rate)
    ]
    # A codec may hold back three tenths of a second, and no more later.
    assert sum(sizes[:4]) > 0
    assert sizes[-1] < sum(sizes) / 3
    assert all(sum(pair) > 0 for pair in pairwise(sizes[3:-1]))


def test_compressed_speech_is_small() -> None:
    encoder = open_encoder(OUTPUT_FORMATS["flac"], 22_050)
    assert len(encoder.push(tone(22_050, 0.1)) + encoder.finish()) < 4_000
    sizes = {name: len(encode(name, 22_050)) / SECONDS for name in ("mp3", "opus", "aac")}
    assert all(6_000 < size < 11_000 for size in sizes.values()), sizes


class TestWav:
    def test_a_stream_has_no_length_and_every_reader_takes_it(self) -> None:
        data = encode("wav", 22_050)
        assert data[4:8] == data[40:44] == b"\xff" * 4
        frames = int(SECONDS * 22_050)
        assert len(data) == WAV_HEADER_BYTES + 2 * frames
        with wave.open(io.BytesIO(data)) as reader:
            assert (reader.getframerate(), reader.getsampwidth(), reader.getnchannels()) == (
                22_050,
                2,
                1,
            )
            assert len(reader.readframes(10**9)) == 2 * frames
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
        assert (rate, len(samples)) == (22_050, frames)
        assert np.abs(samples - tone(22_050)).max() < 1e-4

    def test_a_known_length_is_true(self) -> None:
        samples = tone(16_000, 0.5)
        encoder = open_encoder(OUTPUT_FORMATS["wav"], 16_000, samples=len(samples))
        data = encoder.push(samples) + encoder.finish()
        assert int.from_bytes(data[40:44], "little") == len(data) - WAV_HEADER_BYTES
        assert int.from_bytes(data[4:8], "little") == len(data) - 8
        with wave.open(io.BytesIO(data)) as reader:
            assert reader.getnframes() == len(samples)

    def test_the_header_is_that_of_other_programs(self) -> None:
        samples, file = tone(16_000, 0.5), io.BytesIO()
        with wave.open(file, "wb") as other:
            other.setparams((1, 2, 16_000, 0, "NONE", ""))
            other.writeframes(bytes(2 * len(samples)))
        assert wav_header(16_000, len(samples)) == file.getvalue()[:WAV_HEADER_BYTES]

    def test_without_samples_there_is_a_header(self) -> None:
        encoder = open_encoder(OUTPUT_FORMATS["wav"], 16_000)
        assert encoder.finish() == wav_header(16_000, None)


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_what_is_installed_encodes_every_format(name: str) -> None:
    require_encoder(OUTPUT_FORMATS[name])


class TestPyAvIsMissing:
    @pytest.fixture(autouse=True)
    def _missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(encoding, "find_spec", lambda _: None)

    @pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac"])
    def test_the_message_names_the_extra(self, name: str) -> None:
        with pytest.raises(RequestError, match=rf"'{name}' needs PyAV.*\[api\]"):
            require_encoder(OUTPUT_FORMATS[name])

    @pytest.mark.parametrize("name", ["wav", "pcm"])
    def test_formats_without_a_library_remain(self, name: str) -> None:
        require_encoder(OUTPUT_FORMATS[name])


def test_a_failure_of_the_encoder_is_an_error_of_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        compressed_encoding._CODECS, "mp3", compressed_encoding._Codec("mp3", "libmp3lame")
    )
    with pytest.raises(EngineError, match="could not be encoded"):
        list(pieces_of(open_encoder(OUTPUT_FORMATS["mp3"], 20_000), tone(20_000), 20_000))
