"""XTTS as coqui-tts itself streams it: one text after another, because its state is shared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.tts.playback_gaps import Arrival
from benchmarks.tts.xtts.comparison import LANGUAGE, Spoken
from benchmarks.tts.xtts.random_checkpoint import CONFIG_FILE, SPEAKER
from wyoming_voice_stack.tts.engines.coqui.compat import importing

CHUNK_TOKENS = 20
"""The default of coqui-tts."""

_SAMPLING = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")


class CoquiSpeaker:
    """`Xtts.inference_stream` of coqui-tts, with the sampling options of the checkpoint."""

    name = "coqui-tts"

    def __init__(self, folder: Path, device: str) -> None:
        with importing():
            from TTS.tts.configs.xtts_config import XttsConfig
            from TTS.tts.models.xtts import Xtts

        config = XttsConfig()
        config.load_json(str(folder / CONFIG_FILE))
        self._model: Any = Xtts(config)
        self._model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
        self._model.to(device)
        self._sampling = {name: config[name] for name in _SAMPLING}

    def warm_up(self, text: str) -> None:
        """Speak the beginning of a text."""
        stream = self._stream(text)
        next(stream)
        stream.close()

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        """Speak the texts one after another; times count from the beginning of the first."""
        began = time.monotonic()
        return [self._speak_one(text, began) for text in texts]

    def close(self) -> None:
        """Free the memory of the model."""
        del self._model

    def _speak_one(self, text: str, began: float) -> Spoken:
        rate = self._model.config.audio.output_sample_rate
        spoken = Spoken(text)
        for piece in self._stream(text):
            samples = piece.cpu().numpy()
            arrival = Arrival(time.monotonic() - began, len(samples) / rate)
            spoken = spoken.then(samples, arrival)
        return spoken

    def _stream(self, text: str) -> Any:
        speaker = self._model.speaker_manager.speakers[SPEAKER]
        return self._model.inference_stream(
            text,
            LANGUAGE,
            speaker["gpt_cond_latent"],
            speaker["speaker_embedding"],
            stream_chunk_size=CHUNK_TOKENS,
            **self._sampling,
        )
