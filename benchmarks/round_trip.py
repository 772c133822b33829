"""Is all of it said, and said once? Sentences through Piper and back through Whisper.

    python benchmarks/round_trip.py --sentences 200

Our two servers run with the Piper voice that a package brings and with Whisper base. Each sentence
is a request of its own; what comes back is compared word by word. A sentence counts as lost if
fewer than half as many words come back, and as doubled if more than one and a half times as many.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.recorded import default_cache  # noqa: E402 - found by the line above
from benchmarks.scoring import WordErrors, total, word_errors, words  # noqa: E402
from benchmarks.tts_texts import Texts  # noqa: E402
from benchmarks.whisper_base import BASE, model_directory  # noqa: E402
from tests.integration.servers import EMBEDDED_PIPER, running  # noqa: E402
from wyoming_voice_stack import client  # noqa: E402

LOST, DOUBLED = 0.5, 1.5
"""Share of a sentence's words."""
SHOWN = 10


async def there_and_back(voice: str, ear: str, text: str) -> str:
    recording = await client.synthesize(voice, text)
    return (await client.transcribe(ear, recording, language="en")).text


async def measure(voice: str, ear: str, sentences: list[str], console: Console) -> None:
    errors: list[WordErrors] = []
    lost = doubled = 0
    wrong: list[tuple[str, str]] = []
    with console.status("sentences") as status:
        for number, sentence in enumerate(sentences, start=1):
            heard = await there_and_back(voice, ear, sentence)
            errors.append(word_errors(sentence, heard, "en"))
            share = len(words(heard, "en")) / len(words(sentence, "en"))
            lost += share < LOST
            doubled += share > DOUBLED
            if errors[-1].wrong:
                wrong.append((sentence, heard))
            status.update(f"{number} of {len(sentences)} sentences")
    everything = total(errors)
    console.print(
        f"{len(sentences)} sentences, {everything.spoken} words: WER {everything.percent:.1f} %,"
        f" {lost} lost, {doubled} doubled"
    )
    for sentence, heard in wrong[:SHOWN]:
        console.print(f"  said:  {sentence}\n  heard: {heard}", highlight=False)


def main() -> None:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--sentences", type=int, default=200)
    made.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    options = made.parse_args()
    model = model_directory(BASE, options.cache)
    texts = Texts()
    sentences = [texts.take("sentence").whole for _ in range(options.sentences)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running("tts", Path(folder), TTS_MODEL=EMBEDDED_PIPER) as voice,
        running("asr", Path(folder), ASR_MODEL=str(model)) as ear,
    ):
        asyncio.run(measure(voice.uri, ear.uri, sentences, Console()))


if __name__ == "__main__":
    main()
