"""Is all of it said, and said once? Sentences through Piper and back through Whisper.

    python benchmarks/round_trip.py --sentences 200
    python benchmarks/round_trip.py --sentences 200 --names --piper

Our two servers run with the Piper voice that a package brings and with Whisper base. Each sentence
is a request of its own; what comes back is compared word by word. A sentence counts as lost if
fewer than half as many words come back, and as doubled if more than one and a half times as many.

With `--piper`, piper-tts itself says the same sentences, each in one go, to the same ear: what it
gets wrong too is the voice's or the ear's, and not ours.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import round_trip_texts  # noqa: E402 - found by the line above
from benchmarks.recorded import default_cache  # noqa: E402
from benchmarks.scoring import WordErrors, total, word_errors, words  # noqa: E402
from benchmarks.tts_servers import JOE  # noqa: E402
from benchmarks.tts_texts import Texts  # noqa: E402
from benchmarks.whisper_base import BASE, model_directory  # noqa: E402
from tests.support.integration.servers import running  # noqa: E402
from wyoming_voice_stack.cli import client  # noqa: E402
from wyoming_voice_stack.cli.client import AudioClip  # noqa: E402
from wyoming_voice_stack.models.store import ModelStore  # noqa: E402
from wyoming_voice_stack.server.assembly.weights import weights_of  # noqa: E402

LOST, DOUBLED = 0.5, 1.5
"""Share of a sentence's words."""
SHOWN = 10

Voice = Callable[[str], Awaitable[AudioClip]]


class Tally:
    """What came back of one voice's sentences."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._errors: list[WordErrors] = []
        self._lost = self._doubled = 0
        self._wrong: list[tuple[str, str]] = []

    def add(self, said: str, heard: str) -> None:
        """Compare one sentence with what came back of it."""
        self._errors.append(word_errors(said, heard, "en"))
        share = len(words(heard, "en")) / len(words(said, "en"))
        self._lost += share < LOST
        self._doubled += share > DOUBLED
        if self._errors[-1].wrong:
            self._wrong.append((said, heard))

    def show(self, console: Console) -> None:
        """Print the rate, and some of what was wrong."""
        everything = total(self._errors)
        console.print(
            f"{self._name}: {len(self._errors)} sentences, {everything.spoken} words:"
            f" WER {everything.percent:.1f} %, {self._lost} lost, {self._doubled} doubled"
        )
        for said, heard in self._wrong[:SHOWN]:
            console.print(f"  said:  {said}\n  heard: {heard}", highlight=False)


def piper_itself(cache: Path) -> Voice:
    """Whole sentences by piper-tts, as it is."""
    from piper import PiperVoice

    weights = weights_of(JOE, ModelStore(cache / "models"), environ={}, text_to_speech=True)
    voice = PiperVoice.load(weights.locate().resolve())

    def say(text: str) -> AudioClip:
        pcm = b"".join(chunk.audio_int16_bytes for chunk in voice.synthesize(text))
        return AudioClip(voice.config.sample_rate, 2, 1, pcm)

    return lambda text: asyncio.to_thread(say, text)


async def measure(
    voices: dict[str, Voice], ear: str, sentences: list[str], console: Console
) -> None:
    tallies = {name: Tally(name) for name in voices}
    with console.status("sentences") as status:
        for number, sentence in enumerate(sentences, start=1):
            for name, say in voices.items():
                heard = await client.transcribe(ear, await say(sentence), language="en")
                tallies[name].add(sentence, heard.text)
            status.update(f"{number} of {len(sentences)} sentences")
    for tally in tallies.values():
        tally.show(console)


def corpus(options: argparse.Namespace) -> list[str]:
    """The sentences that the options ask for."""
    if not options.names:
        return round_trip_texts.sentences(options.sentences, options.seed)
    texts = Texts(options.seed)
    return [texts.take("sentence").whole for _ in range(options.sentences)]


def main() -> None:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--sentences", type=int, default=200)
    made.add_argument("--seed", type=int, default=0, help="of the sentences")
    made.add_argument("--names", action="store_true", help="made-up sentences with names instead")
    made.add_argument("--piper", action="store_true", help="piper-tts itself beside our server")
    made.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    options = made.parse_args()
    model = model_directory(BASE, options.cache)
    with (
        tempfile.TemporaryDirectory() as folder,
        running("tts", Path(folder), TTS_MODEL=JOE) as mouth,
        running("asr", Path(folder), ASR_MODEL=str(model)) as ear,
    ):
        voices: dict[str, Voice] = {"ours": lambda text: client.synthesize(mouth.uri, text)}
        if options.piper:
            voices["piper-tts"] = piper_itself(options.cache)
        asyncio.run(measure(voices, ear.uri, corpus(options), Console()))


if __name__ == "__main__":
    main()
