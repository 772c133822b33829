"""Real engines for tests, and what they say."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSource, CoquiSynthesizer
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.piper.engine import PiperSource
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource, XttsSynthesizer
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


def piper_source(model: Path, **options: Any) -> PiperSource:
    return PiperSource(ModelFiles.at(model), **options)


def xtts_source(folder: Path, device: str = "cpu") -> XttsSource:
    return XttsSource(ModelFiles.at(folder), device=device)


def vits_source(
    folder: Path, reference: str | None = None, language: str | None = None
) -> CoquiSource:
    return CoquiSource(ModelFiles.at(folder, reference), language=language)


def loaded_xtts(folder: Path) -> Iterator[XttsSynthesizer]:
    engine = xtts_source(folder).load()
    yield engine
    engine.close()


def loaded_vits(folder: Path) -> Iterator[CoquiSynthesizer]:
    engine = vits_source(folder).load()
    # Its chunks would be longer while the machine is busy, and their samples rounded differently.
    engine._scheduler = FairScheduler(at_once=1, clock=lambda: 0.0)
    yield engine
    engine.close()


def pieces_of(engine: SpeechSynthesizer, request: SynthesisRequest) -> Generator[Samples]:
    """The pieces of a sentence in a reply of its own, which is not played."""
    yield from engine.synthesize(request, PlaybackBuffer())


def spoken(engine: SpeechSynthesizer, request: SynthesisRequest) -> Samples:
    """The whole sentence."""
    return np.concatenate(list(pieces_of(engine, request)))


def alike(one: Samples, other: Samples) -> bool:
    """The same but for rounding, which differs where sentences share a computation or cores."""
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=1e-4)
