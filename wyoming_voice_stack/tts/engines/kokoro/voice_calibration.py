"""What is measured of a voice before it first speaks: statistics of its norms, and its loudness.

Norms in windows need means and deviations over all time, which depend on the voice far more than on
the text. They are measured in a few sentences of the voice's language, once for each model and voice.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wyoming_voice_stack.tts.audio.frames import FrameCutter
from wyoming_voice_stack.tts.audio.loudness_meter import LoudnessMeter
from wyoming_voice_stack.tts.engines.kokoro.loading import Measurement, StreamingKokoro
from wyoming_voice_stack.tts.engines.kokoro.norm_statistics import NormStatistics, statistics_size
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor
from wyoming_voice_stack.tts.voices.cloning.latent_cache import Arrays, LatentCache
