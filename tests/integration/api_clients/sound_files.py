"""Sound files in the formats that clients send and receive."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import soxr

from tests.support.speech import say, silence
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16

SENTENCE = "What is the temperature in the living room?"
WAV_RATES = (8000, 11025, 16000, 22050, 44100, 48000)
WAV_KINDS = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT")
ENCODED = (
    ("mp3", "mp3", "libmp3lame", 44100),
    ("m4a", "mp4", "aac", 44100),
    ("ogg", "ogg", "libopus", 48000),
    ("webm", "webm", "libopus", 48000),
    ("flac", "flac", "flac", 16000),
)
"""Name, container, codec and sample rate."""


def spoken(sample_rate: int = SAMPLE_RATE) -> Samples:
    """The sentence between two short silences."""
    quiet = silence(0.3, sample_rate)
    return np.concatenate((quiet, say(SENTENCE, sample_rate), quiet))


def write_wav(path: Path, samples: Samples, sample_rate: int = SAMPLE_RATE) -> None:
    """Write 16 bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, sample_rate, 0, "NONE", ""))
        file.writeframes(to_pcm16(samples))


def write_uploads(folder: Path) -> list[Path]:
    """Write the sentence in every format; return the files."""
    written = [folder / f"{rate}.wav" for rate in WAV_RATES]
    for path, rate in zip(written, WAV_RATES, strict=True):
        write_wav(path, spoken(rate), rate)
    for kind in WAV_KINDS:
        written.append(folder / f"{kind.lower()}.wav")
        soundfile.write(written[-1], 0.9 * spoken(), SAMPLE_RATE, kind)
    written.append(folder / "stereo.wav")
    soundfile.write(written[-1], np.stack([spoken(44100)] * 2, axis=1), 44100)
    for name, container, codec, rate in ENCODED:
        written.append(folder / f"encoded.{name}")
        _encode(written[-1], container, codec, rate)
    return written


def _encode(path: Path, container: str, codec: str, sample_rate: int) -> None:
    pcm = np.frombuffer(to_pcm16(spoken(sample_rate)), np.int16)[np.newaxis]
    with av.open(str(path), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=sample_rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm, "s16", "mono")
        frame.sample_rate = sample_rate
        resampler = av.AudioResampler(stream.format.name, "mono", sample_rate, stream.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))


def decoded(path: Path) -> Samples:
    """The samples of a sound file at 16 kHz; raw PCM is 24 kHz, 16 bit, mono."""
    if path.suffix == ".pcm":
        raw = np.frombuffer(path.read_bytes(), "<i2").astype(np.float32) / 32768
        samples: Samples = soxr.resample(raw, 24000, SAMPLE_RATE)
        return samples
    with av.open(str(path)) as file:
        to_mono = av.AudioResampler("flt", "mono", SAMPLE_RATE)
        frames = [
            part.to_ndarray()[0]
            for frame in (*file.decode(audio=0), None)
            for part in to_mono.resample(frame)
        ]
    return np.concatenate(frames)


def seconds(path: Path) -> float:
    """The length of a sound file as a decoder reads it."""
    return len(decoded(path)) / SAMPLE_RATE
