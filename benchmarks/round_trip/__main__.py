"""Checks that every word is spoken, and spoken once: sentences through a voice and back through Whisper.

    python -m benchmarks.round_trip --sentences 200
    python -m benchmarks.round_trip --sentences 200 --names --piper
    python -m benchmarks.round_trip --engine kokoro --language es

Our two servers run with the Piper voice from a Python package, or with Kokoro, and with Whisper base. Each sentence
is a request of its own, and its transcript is compared word by word. A sentence counts as lost if
the transcript has fewer than half of its words, and as doubled if it has more than one and a half
times as many.

With --piper, the piper-tts library speaks the same sentences, each at once, for the same speech
recognition: its errors are those of the voice or of the recognition, not of our server.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.program import add_cache_option, new_parser, run_program
from benchmarks.common.word_errors import WordErrors, total, word_errors, words
from benchmarks.round_trip import assistant_sentences
from benchmarks.round_trip.sentences_by_language import LANGUAGES, sentences_in
from benchmarks.stt.whisper_base import BASE, model_directory
from benchmarks.tts.generated_texts import Texts
from benchmarks.tts.piper_servers import ENGINES, JOE, PIPER, engine_model, voice_file
from tests.support.integration.servers import running
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.client import AudioClip

LOST, DOUBLED = 0.5, 1.5
"""Words of the transcript divided by those of the sentence."""
SHOWN = 10

Voice = Callable[[str], Awaitable[AudioClip]]


class Tally:
    """The errors of one voice."""

    def __init__(self, name: str, language: str) -> None:
        self._name = name
        self._language = language
        self._errors: list[WordErrors] = []
        self._lost = self._doubled = 0
        self._wrong: list[tuple[str, str]] = []

    def add(self, sentence: str, transcript: str) -> None:
        """Compare one sentence with its transcript."""
        self._errors.append(word_errors(sentence, transcript, self._language))
        share = len(words(transcript, self._language)) / len(words(sentence, self._language))
        self._lost += share < LOST
        self._doubled += share > DOUBLED
        if self._errors[-1].wrong:
            self._wrong.append((sentence, transcript))

    def show(self, console: Console) -> None:
        """Print the error rate, and some of the wrong transcripts."""
        everything = total(self._errors)
        console.print(
            f"{self._name}: {len(self._errors)} sentences, {everything.spoken} words:"
            f" WER {everything.percent:.1f} %, {self._lost} lost, {self._doubled} doubled"
        )
        for sentence, transcript in self._wrong[:SHOWN]:
            console.print(f"  sentence:   {sentence}\n  transcript: {transcript}", highlight=False)


def piper_library(cache: Path) -> Voice:
    """Whole sentences by the piper-tts library."""
    from piper import PiperVoice

    voice = PiperVoice.load(voice_file(JOE, cache))

    def say(text: str) -> AudioClip:
        pcm = b"".join(chunk.audio_int16_bytes for chunk in voice.synthesize(text))
        return AudioClip(voice.config.sample_rate, 2, 1, pcm)

    return lambda text: asyncio.to_thread(say, text)


async def measure(
    voices: dict[str, Voice],
    recognizer: str,
    sentences: list[str],
    language: str,
    console: Console,
) -> None:
    tallies = {name: Tally(name, language) for name in voices}
    with console.status("sentences") as status:
        for number, sentence in enumerate(sentences, start=1):
            for name, say in voices.items():
                found = await client.transcribe(recognizer, await say(sentence), language=language)
                tallies[name].add(sentence, found.text)
            status.update(f"{number} of {len(sentences)} sentences")
    for tally in tallies.values():
        tally.show(console)


def corpus(options: argparse.Namespace) -> list[str]:
    """The sentences that the options ask for."""
    if options.language != "en":
        return sentences_in(options.language, options.sentences, options.seed)
    if not options.names:
        return assistant_sentences.sentences(options.sentences, options.seed)
    texts = Texts(options.seed)
    return [texts.take("sentence").whole for _ in range(options.sentences)]


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--sentences", type=int, default=200, help="number of sentences")
    made.add_argument("--seed", type=int, default=0, help="of the random sentences")
    made.add_argument("--names", action="store_true", help="use random sentences with names")
    made.add_argument("--piper", action="store_true", help="compare with the piper-tts library")
    made.add_argument("--engine", choices=ENGINES, default=PIPER, help="default: %(default)s")
    made.add_argument("--language", choices=("en", *LANGUAGES), default="en", help="of Kokoro")
    add_cache_option(made)
    return made


def run(options: argparse.Namespace, console: Console) -> None:
    if options.engine == PIPER and options.language != "en":
        raise BenchmarkError(
            "The Piper voice of the tests speaks English only. Add --engine kokoro."
        )
    if options.engine != PIPER and options.piper:
        raise BenchmarkError("--piper compares with Piper. Omit --engine.")
    model = model_directory(BASE, options.cache)
    spoken = {"TTS_MODEL": engine_model(options.engine), "TTS_LANGUAGE": options.language}
    with (
        tempfile.TemporaryDirectory() as folder,
        running("tts", Path(folder), spoken) as tts,
        running("asr", Path(folder), {"ASR_MODEL": str(model)}) as asr,
    ):
        voices: dict[str, Voice] = {"ours": lambda text: client.synthesize(tts.uri, text)}
        if options.piper:
            voices["piper-tts"] = piper_library(options.cache)
        asyncio.run(measure(voices, asr.uri, corpus(options), options.language, console))


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args()))
