"""Measures text to speech: our server, another one, or both in alternation; and XTTS itself.

    python -m benchmarks.tts --peer --limit 16 --out tts.json
    python -m benchmarks.tts --peer --repeat --lengths short
    python -m benchmarks.tts --engine kokoro --clients 1 4
    python -m benchmarks.tts --server tcp://127.0.0.1:10200 --pid 4711
    python -m benchmarks.tts --xtts --tokens 60
    python -m benchmarks.tts --xtts --through-server --clients 1 4

Texts are sent to the servers as Home Assistant sends them, one connection per request: plain, as
one `synthesize`; and streamed, with words as a language model writes them. No sentence comes twice,
unless --repeat sends every round again. With --peer, wyoming-piper runs with the same voice and the
same pause between sentences as our server; the two speak the same texts in alternation, never at
the same time.

`first` is the time from the end of the first sentence to the first audio in ms, `end` that from the
end of the text; both are negative where audio comes before. `lead` is the silence at the beginning
of the audio. A failure (an error, a closed connection, no audio) counts as audio that never comes.
`s/s` is seconds of audio per second from the beginning of a request to the end of its reply: the
median of the clients, and all clients together. `gaps` counts the replies in which a player that
starts with the first chunk has to wait for another. CPU time is that of the server's processes per
second of audio. `late` is the longest pause of this program in ms: where it is long, the machine
was stalled, not the server.

With --xtts there is no server: our XTTS and `inference_stream` of coqui-tts speak in this process,
in alternation, with random weights of full size, a fixed number of audio tokens and greedy
sampling. Ours speaks all texts of a round at once, coqui-tts one after another, because it cannot
do otherwise. The audio of both is compared: other tokens would make other audio.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import starmap
from pathlib import Path

from rich.console import Console

from benchmarks.common.measurement import pairs, warm_up
from benchmarks.common.program import (
    add_file_options,
    add_server_options,
    new_parser,
    run_program,
)
from benchmarks.common.report import json_content, print_failures, print_targets, write_json
from benchmarks.common.servers import Target, serving
from benchmarks.tts import synthesis_report as report
from benchmarks.tts.generated_texts import LENGTHS, Texts
from benchmarks.tts.piper_servers import (
    ENGINES,
    PiperOptions,
    engine_model,
    our_speech,
    peer_piper,
)
from benchmarks.tts.synthesis_client import SCENARIOS, WORDS_PER_SECOND, encode_text
from benchmarks.tts.synthesis_plan import (
    MeasuredSynthesis,
    SynthesisPlan,
    measure_plan,
    plan,
    send,
)
from benchmarks.tts.synthesis_summary import compare, summarise
from benchmarks.tts.xtts.comparison import ALIKE_DB, measure_xtts
from benchmarks.tts.xtts.random_checkpoint import checkpoint

CLIENTS = (1, 4, 8, 16)
TOKENS = 60
COLUMNS = 190


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    add = made.add_argument_group("texts").add_argument
    add("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS)
    add("--lengths", nargs="+", choices=LENGTHS, default=LENGTHS)
    add("--clients", nargs="+", type=_count, default=CLIENTS, help="requests at the same time")
    add("--limit", type=_count, default=16, help="maximum number of requests per row")
    add("--repeat", action="store_true", help="send every round twice")
    add("--words-per-second", type=_positive, default=WORDS_PER_SECOND)
    add("--seed", type=int, default=0, help="of the random texts")
    add = add_server_options(made, "wyoming-piper").add_argument
    add("--model", help="as in TTS_MODEL; by default that of --engine")
    add("--engine", choices=ENGINES, default=ENGINES[0], help="default: %(default)s")
    add("--threads", type=int, default=0, help="threads of our server; 0 uses one per core")
    add("--device", default="cpu", help="device of XTTS: cpu, cuda or cuda:N")
    add = made.add_argument_group("XTTS with random weights").add_argument
    add("--xtts", action="store_true", help="compare with coqui-tts, in this process")
    add("--tokens", type=_count, default=TOKENS, help="audio tokens per text")
    add("--precision", default="float32", help="of our XTTS, as in TTS_PRECISION")
    add("--tiny", action="store_true", help="use a small model, to try out the benchmark")
    add("--through-server", action="store_true", help="measure our server with this model")
    add_file_options(made)
    return made


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than one")
    return number


def _positive(text: str) -> float:
    if not (number := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number


def running_servers(options: argparse.Namespace) -> AbstractContextManager[list[Target]]:
    """Run the servers that the options ask for."""
    model = options.model or engine_model(options.engine)
    settings = PiperOptions(model, options.threads, options.device)

    def peer(folder: Path) -> AbstractContextManager[Target]:
        return peer_piper(settings, folder, options.cache, options.peer_options)

    return serving(
        options.server,
        options.pid,
        lambda folder: our_speech(settings, folder),
        peer if options.peer else None,
    )


def plans(options: argparse.Namespace, texts: Texts) -> Iterator[SynthesisPlan]:
    """Every scenario with every length and number of clients."""
    for scenario in options.scenarios:
        for length in options.lengths:
            for clients in options.clients:
                yield plan(
                    *(scenario, length, clients, texts),
                    most=options.limit,
                    words_per_second=options.words_per_second,
                )


async def measure_servers(
    options: argparse.Namespace, targets: list[Target], console: Console
) -> list[MeasuredSynthesis]:
    texts = Texts(options.seed)
    await warm_up(targets, [encode_text("plain", texts.take("paragraph"))], send)
    measured = []
    for one in plans(options, texts):
        with console.status(f"{one.case}, {len(one.rounds)} rounds"):
            measured += await measure_plan(one, targets, again=options.repeat)
    return measured


def servers(options: argparse.Namespace, console: Console) -> None:
    """Measure servers in alternation."""
    with running_servers(options) as targets:
        print_targets(targets, console)
        measured = asyncio.run(measure_servers(options, targets, console))
        show(options, targets, [target.name for target in targets], measured, console)


def xtts(options: argparse.Namespace, folder: Path, console: Console) -> None:
    """Measure our XTTS and that of coqui-tts in alternation, in this process."""
    # Read when torch is imported: waiting threads then leave the cores to working ones.
    os.environ.update(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="0")
    from benchmarks.tts.xtts.coqui_speaker import CoquiSpeaker
    from benchmarks.tts.xtts.own_speaker import OwnSpeaker

    # Every text is cut on purpose, and our engine logs a warning about it.
    logging.getLogger("wyoming_voice_stack").setLevel(logging.ERROR)
    with console.status("loading XTTS twice"):
        speakers = (
            OwnSpeaker(folder, options.device, options.threads or None, options.precision),
            CoquiSpeaker(folder, options.device),
        )
    texts = Texts(options.seed)
    measured = []
    for speaker in speakers:
        speaker.warm_up(texts.take("sentence").whole)
    for clients in options.clients:
        with console.status(f"{clients} texts at a time"):
            found, alike = measure_xtts(
                *(speakers, clients, texts), most=options.limit, tokens=options.tokens
            )
        measured += found
        took = ", ".join(f"{one.server} {one.wall_s:.1f} s" for one in found)
        console.print(
            f"{clients} at a time: {took} in all; the same audio for {alike.alike} of"
            f" {alike.texts} texts, at least {alike.worst_db:.0f} dB above the difference"
            f" (required: {ALIKE_DB:.0f})",
            highlight=False,
        )
    show(options, [], [speaker.name for speaker in speakers], measured, console)
    for speaker in speakers:
        speaker.close()


def show(
    options: argparse.Namespace,
    targets: list[Target],
    names: list[str],
    measured: list[MeasuredSynthesis],
    console: Console,
) -> None:
    """Print the tables, and write the file if there is an option for it."""
    summaries = [summarise(one) for one in measured]
    console.print(report.summary_table(summaries))
    if len(names) > 1:
        console.print(report.ratio_table(starmap(compare, pairs(summaries, *names)), *names))
    print_failures(measured, console)
    if options.out:
        write_json(options.out, json_content(vars(options), targets, measured, summaries))


def run(options: argparse.Namespace, console: Console) -> None:
    if not options.xtts:
        servers(options, console)
        return
    with console.status("making the checkpoint"):
        folder = checkpoint(options.cache, options.tokens, tiny=options.tiny)
    if options.through_server:
        options.model = str(folder)
        servers(options, console)
    else:
        xtts(options, folder, console)


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=COLUMNS))
