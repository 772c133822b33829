"""Measures how much Kokoro's sentences in windows differ from whole ones, without a server.

    python -m benchmarks.kokoro_windows
    python -m benchmarks.kokoro_windows --voices bf_emma ff_siwis
    python -m benchmarks.kokoro_windows --short

For each voice, its statistics are measured as the engine measures them. Then sentences of other texts
are synthesized as a whole and as the engine would, and compared: the log-spectral distance in dB.
The last column is that of the 8-bit model as it is, computed at once by ONNX Runtime.

With --short, the sentences are of one to six words, with the statistics of sentences of up to four
seconds; the engine computes the shortest of them as a whole, because of what this shows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.common.kokoro_model import kokoro_folder
from benchmarks.common.program import new_parser, run_program
from tests.support.spectra import log_spectral_distance
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.engines.kokoro.calibration_texts import calibration_texts
from wyoming_voice_stack.tts.engines.kokoro.engine import MAX_OWN_FIRST_STAGE_FRAMES
from wyoming_voice_stack.tts.engines.kokoro.files import KokoroFiles
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    SAMPLE_RATE,
    MeasuredSentence,
    StreamedSentence,
    with_own_first_stage,
)
from wyoming_voice_stack.tts.engines.kokoro.loading import StreamingKokoro, load_model
from wyoming_voice_stack.tts.engines.kokoro.text.phonemes import tokens
from wyoming_voice_stack.tts.engines.kokoro.text_half import SentenceTokens
from wyoming_voice_stack.tts.engines.kokoro.voice_calibration import VoiceCalibration
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES
from wyoming_voice_stack.tts.engines.vits.windows import Window

VOICES = [
    "af_heart",
    "af_bella",
    "am_michael",
    "bf_emma",
    "bm_george",
    "ef_dora",
    "ff_siwis",
    "if_sara",
]
TEXTS = {
    "en": (
        "The front door has been open for ten minutes.",
        "I set the heating in the living room to twenty one degrees.",
        "Tomorrow will be mostly sunny, with a light breeze and about eighteen degrees in the afternoon.",
    ),
    "es": (
        "La puerta de entrada lleva diez minutos abierta.",
        "He puesto la calefacción del salón a veintiún grados.",
        "Mañana hará sol casi todo el día, con una brisa ligera y unos dieciocho grados por la tarde.",
    ),
    "fr": (
        "La porte d'entrée est ouverte depuis dix minutes.",
        "J'ai réglé le chauffage du salon sur vingt et un degrés.",
        "Demain il fera beau toute la journée, avec un vent léger et environ dix-huit degrés.",
    ),
    "it": (
        "La porta d'ingresso è aperta da dieci minuti.",
        "Ho impostato il riscaldamento del soggiorno a ventuno gradi.",
        "Domani sarà soleggiato quasi tutto il giorno, con una brezza leggera e circa diciotto gradi.",
    ),
}

SHORT_TEXTS = {
    "en": ("Yes.", "Lights are off.", "The timer is running.", "The kitchen light is on."),
    "es": ("Sí.", "Luces apagadas.", "El temporizador corre.", "La luz de la cocina está."),
    "fr": ("Oui.", "C'est éteint.", "Le minuteur tourne.", "La lumière est allumée."),
    "it": ("Sì.", "Luci spente.", "Il timer è partito.", "La luce in cucina è accesa."),
}


class _Comparison:
    def __init__(self, files: KokoroFiles) -> None:
        import onnxruntime

        self._files = files
        self._threads = available_cores()
        model = load_model(files.model, self._threads)
        if not isinstance(model, StreamingKokoro):
            raise TypeError("the generator was not found")
        self._model = model
        self._uncut: Any = onnxruntime.InferenceSession(
            files.model, providers=["CPUExecutionProvider"]
        )

    def distances(
        self, voice: str, texts: Mapping[str, Sequence[str]]
    ) -> list[tuple[float, float, float]]:
        """The length in seconds, and the distances of windows and of the 8-bit model, for each text."""
        language = LANGUAGES[voice[0]]
        measured = [
            MeasuredSentence(
                self._model.parts,
                self._model.encode(self._tokens(voice, text)),
                self._threads,
            )
            for text in calibration_texts(language)
        ]
        calibration = VoiceCalibration.measured(measured)
        return [
            self._distance(self._tokens(voice, text), calibration)
            for text in texts[language.partition("-")[0]]
        ]

    def _distance(
        self, sentence: SentenceTokens, calibration: VoiceCalibration
    ) -> tuple[float, float, float]:
        text, parts = self._model.encode(sentence), self._model.parts
        own = MeasuredSentence(parts, text, self._threads)
        known = calibration.statistics(text.frames)
        if text.frames <= MAX_OWN_FIRST_STAGE_FRAMES:
            streamed = with_own_first_stage(parts, text, known, self._threads)
        else:
            streamed = StreamedSentence(parts, text, known)
        windows = streamed.decode(Window(0, streamed.frames), self._threads)
        uncut = self._whole(sentence)[text.spoken_from * own.hop :]
        # Another scale of the same spectrum does not count.
        uncut *= np.sqrt(np.mean(own.samples**2) / np.mean(uncut**2))
        return (
            len(own.samples) / SAMPLE_RATE,
            log_spectral_distance(own.samples, windows),
            log_spectral_distance(own.samples, uncut),
        )

    def _whole(self, sentence: SentenceTokens) -> Samples:
        name = self._uncut.get_inputs()[0].name
        feeds = {name: np.array([[0, *sentence.ids, 0]]), "style": sentence.style}
        samples: Samples = self._uncut.run(None, {**feeds, "speed": np.ones(1, np.float32)})[0]
        return samples.reshape(-1)

    def _tokens(self, voice: str, text: str) -> SentenceTokens:
        ids = tokens(text, LANGUAGES[voice[0]])
        return SentenceTokens(ids, self._files.voices.style(voice, len(ids)))


def run(options: argparse.Namespace, console: Console) -> None:
    """Print one line for each voice."""
    comparison = _Comparison(KokoroFiles.in_folder(options.model or kokoro_folder()))
    for voice in options.voices:
        found = comparison.distances(voice, SHORT_TEXTS if options.short else TEXTS)
        seconds, windows, uncut = zip(*found, strict=True)
        each = ", ".join(
            f"{distance:.1f} at {length:.1f} s"
            for length, distance in zip(seconds, windows, strict=True)
        )
        console.print(
            f"{voice}: windows {statistics.fmean(windows):.2f} dB ({each});"
            f" 8 bit {statistics.fmean(uncut):.2f} dB",
            highlight=False,
        )


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = new_parser(__doc__)
    made.add_argument("--voices", nargs="+", default=VOICES)
    made.add_argument("--short", action="store_true", help="compare very short sentences")
    made.add_argument("--model", type=Path, help="a folder with model and voices")
    return made


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args()))
