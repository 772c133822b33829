"""Recordings of poor microphones, sound cards and converters have the words that were said."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from tests.support import sounds
from tests.support.speech import at_level, say, silence, words
from tests.support.whisper_speech import DOOR, text
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.codecs.decoding import decode_file


def at_peak(samples: Samples, peak: float) -> Samples:
    return np.asarray(samples * (peak / np.abs(samples).max()), np.float32)


def heard_in_file(
    recognizer: WhisperRecognizer, frames: Samples, rate: int, subtype: str
) -> list[str]:
    """The words of a WAV file, decoded as an upload is; `frames` may have channels as columns."""
    file = io.BytesIO()
    soundfile.write(file, frames, rate, subtype, format="WAV")
    pieces = list(decode_file(file.getvalue()))
    decoder = SpeechDecoder(pieces[0].pcm)
    samples = [decoder.push(piece.data) for piece in pieces]
    return text(recognizer, np.concatenate([*samples, decoder.finish()]))


def mixed(*channels: Samples) -> Samples:
    data = to_pcm16(np.stack(channels, axis=1).reshape(-1))
    decoder = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, len(channels)))
    return np.concatenate([decoder.push(data), decoder.finish()])


@pytest.mark.parametrize("peak", [0.002, 0.01])
@pytest.mark.parametrize("offset", [0.0, 0.005, 0.1])
def test_quiet_speech_over_an_offset(
    recognizer: WhisperRecognizer, peak: float, offset: float
) -> None:
    recording = at_peak(say(DOOR), peak) + np.float32(offset)
    assert text(recognizer, mixed(recording)) == words(DOOR)


@pytest.mark.parametrize("offset", [0.0, 0.01, -0.2])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_speech_over_hum_and_an_offset(
    recognizer: WhisperRecognizer, offset: float, mains_hz: float
) -> None:
    speech = at_peak(say(DOOR), 0.1)
    hum = at_level(sounds.hum(10, mains_hz), -50)[: len(speech)]
    assert text(recognizer, mixed(speech + hum + np.float32(offset))) == words(DOOR)


@pytest.mark.parametrize("sound", ["click", "pop", "beep"])
def test_quiet_speech_after_a_loud_sound(recognizer: WhisperRecognizer, sound: str) -> None:
    """The level follows the highest peak so far, and the sound of a wake word is much louder."""
    seconds = np.arange(round(0.3 * SAMPLE_RATE)) / SAMPLE_RATE
    loud = {
        "click": np.where(seconds < 0.001, 0.9, 0.0),
        "pop": 0.8 * np.exp(-seconds / 0.05),
        "beep": 0.8 * np.sin(2 * np.pi * 880 * seconds),
    }[sound].astype(np.float32)
    recording = np.concatenate([loud, silence(0.3), at_peak(say(DOOR), 0.02)])
    assert text(recognizer, mixed(recording)) == words(DOOR)


def test_speech_over_a_drifting_offset(recognizer: WhisperRecognizer) -> None:
    speech = at_peak(say(DOOR), 0.05)
    drift = np.linspace(-0.4, 0.4, len(speech), dtype=np.float32)
    assert text(recognizer, mixed(speech + drift)) == words(DOOR)


@pytest.mark.parametrize("gain", [3.0, 10.0])
def test_clipped_speech(recognizer: WhisperRecognizer, gain: float) -> None:
    assert text(recognizer, mixed(at_peak(say(DOOR), gain))) == words(DOOR)


@pytest.mark.parametrize(
    "signs",
    [
        (1, -1),
        (1, -0.9),
        (0.5, -1),
        (1, -0.1),
        (1, 0),
        (0, -1),
        (1, -1, 1, -1, 1, -1),
        (0, 0, 1, 0, 0, 0),
        (1, 1, 0.5, 0.1, -1, -1),
    ],
)
def test_channels_of_any_polarity(recognizer: WhisperRecognizer, signs: tuple[float, ...]) -> None:
    speech = at_peak(say(DOOR), 0.5)
    recording = mixed(*(speech * np.float32(sign) for sign in signs))
    assert text(recognizer, recording) == words(DOOR)


@pytest.mark.parametrize(
    ("rate", "subtype"),
    [
        *((8_000, subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT")),
        # With 8 bits at 8 kHz, the smallest model takes "close" for "post".
        *((rate, "PCM_U8") for rate in (SAMPLE_RATE, 48_000)),
        *((48_000, subtype) for subtype in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    ],
)
def test_files_of_any_width(recognizer: WhisperRecognizer, rate: int, subtype: str) -> None:
    speech = at_peak(say(DOOR, rate), 0.5)
    assert heard_in_file(recognizer, speech, rate, subtype) == words(DOOR)


@pytest.mark.parametrize("channels", [2, 6])
def test_files_of_many_channels(recognizer: WhisperRecognizer, channels: int) -> None:
    speech = at_peak(say(DOOR, 48_000), 0.5)
    frames = np.repeat(speech[:, None], channels, axis=1)
    assert heard_in_file(recognizer, frames, 48_000, "FLOAT") == words(DOOR)


def test_a_float_file_beyond_full_scale(recognizer: WhisperRecognizer) -> None:
    assert heard_in_file(recognizer, at_peak(say(DOOR), 1.5), SAMPLE_RATE, "FLOAT") == words(DOOR)
