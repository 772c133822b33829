"""Compares the OpenAI-compatible API with Wyoming on the same servers: first sound and end of text.

    python -m benchmarks.api --requests 50
    python -m benchmarks.api --other-tts http://kokoro.local:8880/v1 --other-voice af_heart
    python -m benchmarks.api --other-asr http://speaches.local:8000/v1 --other-asr-model NAME

Our servers run with the Piper voice from a Python package and with a Whisper model. Every text is asked for by
each transport in turn, one request at a time, so that no figure includes a wait for another request. No text
comes twice. First sound is the first audio after the header; the whole recording is sent at once, and the wait
for its text counts from the beginning. The last column is the difference to Wyoming, in the median.

Another server with the same API, such as Kokoro-FastAPI or speaches, can be measured side by side. Neither is a
Python package, so this program does not install them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import aiohttp
from rich.console import Console

from benchmarks.api import realtime_requests
from benchmarks.api.api_requests import ApiClient, SpeechOptions, Timing, wav_file
from benchmarks.api.transport_figures import Measurement, transport_rows
from benchmarks.common.measurement import by_turns
from benchmarks.common.program import new_parser, run_program
from benchmarks.common.report import table_of
from benchmarks.stt.utterance_client import encode_utterance, play_together
from benchmarks.tts.generated_texts import Text, Texts
from benchmarks.tts.synthesis_client import ask_together, encode_text
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.speech import say

WARM_UP = 3
WIDTH = 100
FORMATS = ("pcm", "wav", "mp3", "opus")
WYOMING = "Wyoming"
HEADINGS = ("transport", "requests", "failed", "first p50 ms", "p95", "end p50 ms", "p95", "+ ms")

Ask = Callable[[str], Awaitable[Timing]]


def speakers(
    server: Server, ours: ApiClient, other: ApiClient | None, voice: str
) -> dict[str, Ask]:
    """Every way to ask for speech."""

    async def by_wyoming(text: str) -> Timing:
        [reply] = await ask_together(
            server.host, server.port, [encode_text("plain", Text((text,)))]
        )
        return Timing(reply.first_audio_s, reply.ended_s, failure=reply.failure)

    def by_api(client: ApiClient, options: SpeechOptions) -> Ask:
        return lambda text: client.speak(text, options)

    found: dict[str, Ask] = {WYOMING: by_wyoming}
    for name in FORMATS:
        found[f"API, {name}"] = by_api(ours, SpeechOptions(name))
        if other is not None:
            found[f"other, {name}"] = by_api(other, SpeechOptions(name, voice=voice))
    found["API, realtime"] = partial(realtime_requests.speak, ours.session, ours.base_url)
    return found


def listeners(
    server: Server, ours: ApiClient, other: ApiClient | None, model: str
) -> dict[str, Ask]:
    """Every way to have the spoken text transcribed."""

    async def by_wyoming(text: str) -> Timing:
        utterance = encode_utterance(text, say(text), "en")
        [answer] = await play_together(server.host, server.port, [utterance], real_time=False)
        return Timing(answer.ended_s, answer.ended_s, answer.text, answer.failure)

    def by_api(client: ApiClient, *, stream: bool, name: str = "whisper-1") -> Ask:
        return lambda text: client.transcribe(wav_file(say(text)), stream=stream, model=name)

    found: dict[str, Ask] = {
        WYOMING: by_wyoming,
        "API": by_api(ours, stream=False),
        "API, streamed": by_api(ours, stream=True),
        "API, realtime": lambda text: realtime_requests.hear(
            ours.session, ours.base_url, say(text, realtime_requests.RATE)
        ),
    }
    if other is not None:
        found["other"] = by_api(other, stream=False, name=model)
    return found


async def measure(ways: Mapping[str, Ask], texts: Sequence[str]) -> Measurement:
    """Ask for every text in every way, one after the other; the first texts are not counted."""
    timings: Measurement = {name: [] for name in ways}
    for number, (text, name) in enumerate(by_turns(texts, list(ways))):
        timing = await ways[name](text)
        if number >= WARM_UP * len(ways):
            timings[name].append(timing)
    return timings


async def compare(options: argparse.Namespace, asr: Server, tts: Server, console: Console) -> None:
    texts = Texts(options.seed)
    taken = [texts.take("sentence").whole for _ in range(options.requests + WARM_UP)]
    async with aiohttp.ClientSession() as session:

        def client(url: str | None) -> ApiClient | None:
            return ApiClient(session, url) if url else None

        def own(server: Server) -> ApiClient:
            return ApiClient(session, f"http://{server.host}:{server.port}/v1")

        ways = (
            ("speech", speakers(tts, own(tts), client(options.other_tts), options.other_voice)),
            (
                "transcription",
                listeners(asr, own(asr), client(options.other_asr), options.other_asr_model),
            ),
        )
        for title, each in ways:
            timings = await measure(each, taken)
            console.print(table_of(HEADINGS, transport_rows(timings, WYOMING), title))
            for name, answers in timings.items():
                for failure in {answer.failure for answer in answers if answer.failure}:
                    console.print(f"failed: {name}: {failure}", highlight=False, markup=False)


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--requests", type=int, default=50, help="of each transport")
    made.add_argument("--seed", type=int, default=0, help="of the random sentences")
    made.add_argument("--asr-model", default=EMBEDDED_WHISPER, help="default: %(default)s")
    made.add_argument("--tts-model", default=EMBEDDED_PIPER, help="default: %(default)s")
    group = made.add_argument_group("another server with the same API")
    group.add_argument("--other-tts", metavar="URL", help="its base URL, for speech")
    group.add_argument("--other-voice", default="alloy", help="default: %(default)s")
    group.add_argument("--other-asr", metavar="URL", help="its base URL, for transcription")
    group.add_argument("--other-asr-model", default="whisper-1", help="default: %(default)s")
    return made


def run(options: argparse.Namespace, console: Console) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running("tts", Path(folder), {"TTS_MODEL": options.tts_model}) as tts,
        running("asr", Path(folder), {"ASR_MODEL": options.asr_model}) as asr,
    ):
        asyncio.run(compare(options, asr, tts, console))


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=WIDTH))
