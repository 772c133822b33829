"""Our XTTS, as the server uses it: each sentence from a thread, as many as it has lanes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.servers import OURS
from benchmarks.tts_checkpoint import SPEAKER
from benchmarks.tts_player import Arrival
from benchmarks.tts_xtts import LANGUAGE, Spoken
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


class OurXtts:
    """`XttsSynthesizer.synthesize`; texts beyond its lanes wait, as they do in the server."""

    name = OURS

    def __init__(self, folder: Path, device: str, threads: int | None, precision: str) -> None:
        self._engine = XttsSource(
            str(folder),
            find=lambda: folder,
            locate=lambda: folder,
            device=device,
            threads=threads,
            precision=precision,
        ).load()

    def warm_up(self, text: str) -> None:
        """Nothing: loading has said a first word."""

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        """Say the texts at the same time, as far as there are lanes."""
        began = time.monotonic()
        with ThreadPoolExecutor(min(len(texts), self._engine.lanes), "speak") as pool:
            return list(pool.map(partial(self._say, began=began), texts))

    def close(self) -> None:
        """Give the model's memory back."""
        self._engine.close()

    def _say(self, text: str, *, began: float) -> Spoken:
        request = SynthesisRequest(text, LANGUAGE, voice=SPEAKER)
        playback = PlaybackBuffer()
        spoken = Spoken(text)
        for samples in self._engine.synthesize(request, playback):
            seconds = len(samples) / self._engine.sample_rate
            playback.add(seconds)
            spoken = spoken.then(samples, Arrival(time.monotonic() - began, seconds))
        return spoken
