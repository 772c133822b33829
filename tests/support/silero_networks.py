"""The networks that the installed packages bring, and sound around speech."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.support import sounds
from tests.support.speech import at_level, silence
from wyoming_voice_stack.asr.engine import Samples

SENTENCE = "Turn on the kitchen light and play some music."


def package_file(package: str, file: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], file)


SEQUENCE = package_file("silero_vad", "data/silero_vad_16k_sequence.onnx")
STEPS = package_file("silero_vad", "data/silero_vad.onnx")
OLDER = package_file("faster_whisper", "assets/silero_vad_v6.onnx")


def surrounded(speech: Samples) -> Samples:
    audio = np.concatenate([silence(2), speech, silence(2)])
    return audio + at_level(sounds.noise(10, 1), -70)[: len(audio)]
