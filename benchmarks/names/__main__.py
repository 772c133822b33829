"""Measures how often Whisper recognizes unusual names of a smart home, and at what cost.

    python -m benchmarks.names
    python -m benchmarks.names --model DIRECTORY --half tune

A Piper voice speaks unusual names in plain sentences, and the recognizer knows 300 names. Each
method of using them is measured on four things: `exact`, the share of sentences with the name as it
is spelled (except for case and punctuation); `other WER`, the word error rate of the other words;
`false`, names that were written for a spoken name that is not among the known ones (the same
sentences, without that name in the list); and recorded telephone prompts: their word error rate,
and `inserted`, the prompts with a name that was not spoken. `s` is seconds per sentence with one
thread. Choose constants with --half tune, and report figures of --half unseen.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import jiwer
from rich.console import Console
from rich.table import Table

from benchmarks.common.program import add_cache_option, new_parser, run_program
from benchmarks.common.report import table_of
from benchmarks.common.word_errors import WordErrors, total, word_errors, words
from benchmarks.names.smart_home_names import Part, all_names, sentences
from benchmarks.stt.recorded_prompts import load
from benchmarks.stt.whisper_base import BASE, model_directory
from tests.support.speech import say
from wyoming_voice_stack.asr.engine import Samples, Speech, TranscriptionRequest
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer

LANGUAGE = "en"
LONGEST_S = 15.0
FIRST_NAMES = 25

Names = tuple[str, ...]
Method = Callable[[WhisperRecognizer, Samples, Names], str]


class Sentence(NamedTuple):
    """A spoken sentence and the name in it; recorded prompts have none."""

    text: str
    name: str
    samples: Samples


@dataclass(frozen=True)
class Score:
    """The figures of one method."""

    exact: int
    sentences: int
    other_words: WordErrors
    false: int
    recorded: WordErrors
    inserted: int
    seconds: float
    """Processing time per sentence of the Piper voice."""


def transcribe(whisper: WhisperRecognizer, samples: Samples, request: TranscriptionRequest) -> str:
    speech = Speech(samples, replace(request, language=LANGUAGE))
    [(_, found)] = whisper.transcribe([speech], lambda: True)
    return found.text


def without_names(whisper: WhisperRecognizer, samples: Samples, _: Names) -> str:
    return transcribe(whisper, samples, TranscriptionRequest())


def first_in_prompt(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    return all_in_prompt(whisper, samples, names[:FIRST_NAMES])


def all_in_prompt(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    # Reversed, because Whisper keeps the end of a prompt that is too long.
    prompt = ", ".join(reversed(names)) + "."
    return transcribe(whisper, samples, TranscriptionRequest(initial_prompt=prompt))


def by_sound(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    text = without_names(whisper, samples, ())
    return with_names(text, text, likely_names(text, names))


def second_pass(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    return transcribe(whisper, samples, TranscriptionRequest(household_names=names))


METHODS: dict[str, Method] = {
    "without names": without_names,
    f"first {FIRST_NAMES} in the prompt": first_in_prompt,
    "all that fit in the prompt": all_in_prompt,
    "replaced by sound": by_sound,
    "second pass (the server)": second_pass,
}


def score(
    method: Method,
    whisper: WhisperRecognizer,
    spoken: Sequence[Sentence],
    recorded: Sequence[Sentence],
) -> Score:
    names = all_names()
    started = time.perf_counter()
    known = [method(whisper, one.samples, names) for one in spoken]
    seconds = (time.perf_counter() - started) / len(spoken)
    unknown = [method(whisper, one.samples, _without(names, one.name)) for one in spoken]
    prompts = [method(whisper, one.samples, names) for one in recorded]
    return Score(
        exact=sum(_contains(text, one.name) for text, one in zip(known, spoken, strict=True)),
        sentences=len(spoken),
        other_words=total(
            other_word_errors(one, text) for text, one in zip(known, spoken, strict=True)
        ),
        false=_with_false_name(unknown, spoken),
        recorded=total(
            word_errors(one.text, text, LANGUAGE)
            for text, one in zip(prompts, recorded, strict=True)
        ),
        inserted=_with_false_name(prompts, recorded),
        seconds=seconds,
    )


def other_word_errors(one: Sentence, transcript: str) -> WordErrors:
    """Errors in all words except those of the name and insertions beside it."""
    reference, name = words(one.text, LANGUAGE), words(one.name, LANGUAGE)
    start = next(at for at in range(len(reference)) if reference[at : at + len(name)] == name)
    stop = start + len(name)
    found = jiwer.process_words(" ".join(reference), " ".join(words(transcript, LANGUAGE)))
    wrong = 0
    for chunk in found.alignments[0]:
        if chunk.type == "insert" and not start <= chunk.ref_start_idx <= stop:
            wrong += chunk.hyp_end_idx - chunk.hyp_start_idx
        elif chunk.type in {"substitute", "delete"}:
            touched = range(chunk.ref_start_idx, chunk.ref_end_idx)
            wrong += sum(not start <= at < stop for at in touched)
    return WordErrors(wrong, len(reference) - len(name))


def _without(names: Names, name: str) -> Names:
    return tuple(one for one in names if one != name)


def _contains(text: str, name: str) -> bool:
    return f" {' '.join(words(name, LANGUAGE))} " in f" {' '.join(words(text, LANGUAGE))} "


def _with_false_name(texts: Sequence[str], spoken: Sequence[Sentence]) -> int:
    """Number of transcripts with a name that is not in the reference."""
    return sum(
        any(_contains(text, name) and not _contains(one.text, name) for name in all_names())
        for text, one in zip(texts, spoken, strict=True)
    )


def spoken_names(half: Part) -> list[Sentence]:
    return [
        Sentence(carrier.format(name), name, say(carrier.format(name)))
        for name, carrier in sentences(half)
    ]


def recorded_prompts(half: Part, limit: int, cache: Path) -> list[Sentence]:
    chosen = [one for one in load(LANGUAGE, half, cache) if one.seconds < LONGEST_S]
    return [Sentence(one.text, "", one.samples) for one in chosen[:limit]]


def table(scores: dict[str, Score]) -> Table:
    rows = (
        [
            method,
            f"{one.exact}/{one.sentences} ({100 * one.exact / one.sentences:.0f} %)",
            f"{one.other_words.percent:.2f}",
            str(one.false),
            f"{one.recorded.percent:.2f}",
            str(one.inserted),
            f"{one.seconds:.3f}",
        ]
        for method, one in scores.items()
    )
    headings = ("names", "exact", "other WER %", "false", "recorded WER %", "inserted", "s")
    return table_of(headings, rows)


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--model", default=BASE, help="as in ASR_MODEL, or a folder")
    made.add_argument("--half", choices=("tune", "unseen"), default="unseen")
    made.add_argument("--recorded", type=int, default=120, help="number of recorded prompts")
    made.add_argument("--ways", nargs="+", choices=METHODS, default=list(METHODS), help="methods")
    add_cache_option(made)
    return made


def run(options: argparse.Namespace, console: Console) -> None:
    path = Path(options.model)
    directory = path if path.is_dir() else model_directory(options.model, options.cache)
    whisper = WhisperRecognizer.load(
        directory,
        device="cpu",
        compute_type="auto",
        cpu_threads=1,
        beam_size=5,
        vad=SileroVad.installed(),
    )
    recorded = recorded_prompts(options.half, options.recorded, options.cache)
    spoken = spoken_names(options.half)
    found = {way: score(METHODS[way], whisper, spoken, recorded) for way in options.ways}
    console.print(f"{options.model}, half {options.half}, {len(recorded)} recorded prompts")
    console.print(table(found))


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=120))
