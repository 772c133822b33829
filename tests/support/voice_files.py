"""Recordings of a voice in files, as if they had lain there for a while."""

from __future__ import annotations

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.support.speech import say
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.vad.silero_network import Probabilities
from wyoming_voice_stack.tts.engine import Samples

RATE = 16_000
SHORT_TEXT = "The kitchen light is on."
LONG_TEXT = "Good morning. This is how I speak when nobody listens to me. The kitchen light is on."


def speech(text: str = LONG_TEXT) -> Samples:
    """Five seconds of clear speech at 16 kHz."""
    return np.float32(0.5) * say(text, RATE)


def write(
    path: Path, samples: npt.NDArray[Any], rate: int = RATE, age_s: float = 60, **form: Any
) -> Path:
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    # A server that follows the folder must never meet it half written, or with the age of now.
    hidden = path.with_name(f".{path.name}")
    soundfile.write(hidden, samples, rate, **form)
    return aged(hidden, age_s).replace(path)


def aged(path: Path, age_s: float = 60) -> Path:
    """As if it was last written `age_s` seconds ago."""
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


@lru_cache(maxsize=1)
def _vad() -> SileroVad:
    return SileroVad.installed()


def detector(samples: Samples) -> Probabilities:
    return _vad().speech_probabilities(samples)
