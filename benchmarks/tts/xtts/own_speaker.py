"""Our XTTS as the server uses it: one thread per sentence, up to the number of its lanes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.common.servers import OURS
from benchmarks.tts.playback_gaps import Arrival
from benchmarks.tts.xtts.comparison import LANGUAGE, Spoken
from benchmarks.tts.xtts.random_checkpoint import SPEAKER
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


class OwnSpeaker:
    """`XttsSynthesizer.synthesize`; further texts wait for a lane, as in the server."""

    name = OURS

    def __init__(self, folder: Path, device: str, threads: int | None, precision: str) -> None:
        self._engine = XttsSource(
            ModelFiles.at(folder), device=device, threads=threads, precision=precision
        ).load()

    def warm_up(self, text: str) -> None:
        """Do nothing: loading the engine has already spoken a word."""

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        """Speak as many texts at the same time as there are lanes."""
        began = time.monotonic()
        with ThreadPoolExecutor(min(len(texts), self._engine.lanes), "speak") as pool:
            return list(pool.map(partial(self._speak_one, began=began), texts))

    def close(self) -> None:
        """Free the memory of the model."""
        self._engine.close()

    def _speak_one(self, text: str, *, began: float) -> Spoken:
        request = SynthesisRequest(text, LANGUAGE, voice=SPEAKER)
        playback = PlaybackBuffer()
        spoken = Spoken(text)
        for samples in self._engine.synthesize(request, playback):
            seconds = len(samples) / self._engine.sample_rate
            playback.add(seconds)
            spoken = spoken.then(samples, Arrival(time.monotonic() - began, seconds))
        return spoken
