"""How often Whisper writes the unusual names of a house, and what that costs elsewhere.

    python benchmarks/names.py
    python benchmarks/names.py --model DIRECTORY --half tune

A Piper voice says unusual names in plain sentences. The house knows 300 names. Each way to make
use of them is measured on four things: `exact`, the share of sentences with the name as the house
writes it (case and signs aside); `rest WER`, the errors in the other words; `strangers`, names of
the house that were written when somebody spoke of a thing that it does not know (the same
sentences, and that name taken out of the house); and recorded telephone prompts, their word error
rate and the names that were written although nobody said them. `s` is seconds per sentence with
one thread. Constants are chosen on the half `tune` and reported on `unseen`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jiwer
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.household import Part, house, sentences  # noqa: E402 - found by the line above
from benchmarks.recorded import NoRecordings, default_cache, load  # noqa: E402
from benchmarks.scoring import WordErrors, total, word_errors, words  # noqa: E402
from benchmarks.whisper_base import BASE, NoModel, model_directory  # noqa: E402
from tests.support.speech import say  # noqa: E402
from wyoming_voice_stack.asr.engine import (  # noqa: E402
    Samples,
    Speech,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names  # noqa: E402
from wyoming_voice_stack.asr.vad.silero import SileroVad  # noqa: E402
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer  # noqa: E402
from wyoming_voice_stack.errors import VoiceStackError  # noqa: E402

LANGUAGE = "en"
LONGEST_S = 15.0
FIRST_NAMES = 25
FAILED = 1

Names = tuple[str, ...]
Way = Callable[[WhisperRecognizer, Samples, Names], str]


@dataclass(frozen=True)
class Spoken:
    """A sentence, and the name in it; recorded prompts have none."""

    text: str
    name: str
    samples: Samples


@dataclass(frozen=True)
class Score:
    """What one way came to."""

    exact: int
    sentences: int
    rest: WordErrors
    strangers: int
    recorded: WordErrors
    invented: int
    seconds: float
    """Of processing, per sentence of this voice."""


def transcribe(whisper: WhisperRecognizer, samples: Samples, request: TranscriptionRequest) -> str:
    spoken = Speech(samples, replace(request, language=LANGUAGE))
    return whisper.transcribe([spoken], lambda: True)[0].text


def without(whisper: WhisperRecognizer, samples: Samples, _: Names) -> str:
    return transcribe(whisper, samples, TranscriptionRequest())


def first_in_prompt(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    return all_in_prompt(whisper, samples, names[:FIRST_NAMES])


def all_in_prompt(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    # The first ones that fit, as the end of a prompt is what Whisper keeps.
    prompt = ", ".join(reversed(names)) + "."
    return transcribe(whisper, samples, TranscriptionRequest(initial_prompt=prompt))


def by_sound(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    text = without(whisper, samples, ())
    return with_names(text, text, likely_names(text, names))


def written_twice(whisper: WhisperRecognizer, samples: Samples, names: Names) -> str:
    return transcribe(whisper, samples, TranscriptionRequest(household_names=names))


WAYS: dict[str, Way] = {
    "without names": without,
    f"first {FIRST_NAMES} in the prompt": first_in_prompt,
    "all that fit in the prompt": all_in_prompt,
    "replaced by sound": by_sound,
    "written twice (the server)": written_twice,
}


def score(
    way: Way, whisper: WhisperRecognizer, spoken: Sequence[Spoken], recorded: Sequence[Spoken]
) -> Score:
    names = house()
    started = time.perf_counter()
    heard = [way(whisper, one.samples, names) for one in spoken]
    seconds = (time.perf_counter() - started) / len(spoken)
    strange = [way(whisper, one.samples, _less(names, one.name)) for one in spoken]
    prompts = [way(whisper, one.samples, names) for one in recorded]
    return Score(
        exact=sum(_says(text, one.name) for text, one in zip(heard, spoken, strict=True)),
        sentences=len(spoken),
        rest=total(rest_errors(one, text) for text, one in zip(heard, spoken, strict=True)),
        strangers=_invented(strange, spoken),
        recorded=total(
            word_errors(one.text, text, LANGUAGE)
            for text, one in zip(prompts, recorded, strict=True)
        ),
        invented=_invented(prompts, recorded),
        seconds=seconds,
    )


def rest_errors(one: Spoken, heard: str) -> WordErrors:
    """Errors in all words but those of the name, and what is put in beside it."""
    said, name = words(one.text, LANGUAGE), words(one.name, LANGUAGE)
    start = next(at for at in range(len(said)) if said[at : at + len(name)] == name)
    stop = start + len(name)
    found = jiwer.process_words(" ".join(said), " ".join(words(heard, LANGUAGE)))
    wrong = 0
    for chunk in found.alignments[0]:
        if chunk.type == "insert" and not start <= chunk.ref_start_idx <= stop:
            wrong += chunk.hyp_end_idx - chunk.hyp_start_idx
        elif chunk.type in {"substitute", "delete"}:
            touched = range(chunk.ref_start_idx, chunk.ref_end_idx)
            wrong += sum(not start <= at < stop for at in touched)
    return WordErrors(wrong, len(said) - len(name))


def _less(names: Names, name: str) -> Names:
    return tuple(one for one in names if one != name)


def _says(text: str, name: str) -> bool:
    return f" {' '.join(words(name, LANGUAGE))} " in f" {' '.join(words(text, LANGUAGE))} "


def _invented(texts: Sequence[str], spoken: Sequence[Spoken]) -> int:
    return sum(
        any(_says(text, name) and not _says(one.text, name) for name in house())
        for text, one in zip(texts, spoken, strict=True)
    )


def spoken_names(half: Part) -> list[Spoken]:
    return [
        Spoken(carrier.format(name), name, say(carrier.format(name)))
        for name, carrier in sentences(half)
    ]


def recorded_prompts(half: Part, limit: int, cache: Path) -> list[Spoken]:
    chosen = [one for one in load(LANGUAGE, half, cache) if one.seconds < LONGEST_S]
    return [Spoken(one.text, "", one.samples) for one in chosen[:limit]]


def table(scores: dict[str, Score]) -> Table:
    shown = Table("names", "exact", "rest WER %", "strangers", "recorded WER %", "invented", "s")
    for way, one in scores.items():
        shown.add_row(
            way,
            f"{one.exact}/{one.sentences} ({100 * one.exact / one.sentences:.0f} %)",
            f"{one.rest.percent:.2f}",
            str(one.strangers),
            f"{one.recorded.percent:.2f}",
            str(one.invented),
            f"{one.seconds:.3f}",
        )
    return shown


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--model", default=BASE, help="as ASR_MODEL, or a directory")
    made.add_argument("--half", choices=("tune", "unseen"), default="unseen")
    made.add_argument("--recorded", type=int, default=120, help="recorded prompts")
    made.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    made.add_argument("--cache", type=Path, default=default_cache())
    return made


def main() -> int:
    options = parser().parse_args()
    console = Console()
    try:
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
    except (NoModel, NoRecordings, VoiceStackError) as error:
        console.print(f"names: {error}", highlight=False)
        return FAILED
    spoken = spoken_names(options.half)
    found = {way: score(WAYS[way], whisper, spoken, recorded) for way in options.ways}
    console.print(f"{options.model}, half {options.half}, {len(recorded)} recorded prompts")
    console.print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
