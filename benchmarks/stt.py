"""How fast and how exactly speech is transcribed: our server, another, or both by turns.

    python benchmarks/stt.py --peer --limit 32 --out stt.json
    python benchmarks/stt.py --server tcp://127.0.0.1:10300 --pid 4711
    python benchmarks/stt.py --peer --sounds

Recorded prompts are said to the servers as Home Assistant says them, one connection an utterance:
in real time (10 ms chunks, and some silence before the end), and at once. Time counts from
`audio-stop` to the transcript. Quiet noise lies under everything. With --peer,
wyoming-faster-whisper runs beside our server with the same model, threads and beam; the two
answer the same utterances by turns, never at the same time.

A failure (an error, a closed connection, no answer) counts as an answer that never came and as a
transcript without words. Processor time is that of the server's processes, per second of audio,
silence included. `late p99` is how late this program sent its own chunks: trust real-time figures
only where it is small. Constants are chosen on the half `tune` of the prompts and reported on
`unseen`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import report  # noqa: E402 - found by the line above
from benchmarks.feeding import Script, script  # noqa: E402
from benchmarks.invented import listen_to_sounds  # noqa: E402
from benchmarks.recorded import (  # noqa: E402
    HALVES,
    LANGUAGES,
    NoRecordings,
    Utterance,
    default_cache,
    load,
)
from benchmarks.room import in_a_room  # noqa: E402
from benchmarks.servers import (  # noqa: E402
    NoServer,
    Options,
    Target,
    at_uri,
    our_server,
    peer_server,
)
from benchmarks.summary import ratios, summarise  # noqa: E402
from benchmarks.turns import SCENARIOS, Measured, Plan, measure, plan, warm_up  # noqa: E402
from benchmarks.whisper_base import BASE, NoModel, model_directory  # noqa: E402
from wyoming_voice_stack.errors import VoiceStackError  # noqa: E402

STREAMS = (1, 4, 8, 16)
LONGEST_S = 15.0
"""Home Assistant cuts a command there."""
NARROWEST = 120
"""Characters of a line: a table that is written to a file is not squeezed."""
FAILED = 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = made.add_argument_group("what is said")
    what.add_argument("--language", choices=LANGUAGES, default="en")
    what.add_argument("--half", choices=HALVES, default="unseen", help="default: unseen")
    what.add_argument("--longest", type=float, default=LONGEST_S, help="seconds of an utterance")
    what.add_argument("--limit", type=int, default=64, help="most utterances of a line")
    what.add_argument("--rounds", type=int, help="most rounds of a line")
    what.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS)
    what.add_argument("--streams", nargs="+", type=int, default=STREAMS, help="at the same time")
    what.add_argument("--silence", type=float, default=0.7, help="seconds before audio-stop")
    what.add_argument("--sounds", action="store_true", help="sounds without speech, no speech")
    what.add_argument("--sound-seconds", type=float, default=60.0, help="length of each sound")
    who = made.add_argument_group("who listens")
    who.add_argument("--server", metavar="URI", help="a server that runs, in place of ours")
    who.add_argument("--pid", type=int, help="its process, to measure what it uses")
    who.add_argument("--peer", action="store_true", help="also wyoming-faster-whisper")
    who.add_argument("--peer-options", default="", help="more options for it, in one argument")
    who.add_argument("--model", default=BASE, help="as ASR_MODEL takes it; default: base")
    who.add_argument("--threads", type=int, default=2)
    who.add_argument("--device", default="cpu", help="of ours: cpu, cuda or cuda:N")
    who.add_argument("--beam", type=int, default=5)
    made.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    made.add_argument("--out", type=Path, metavar="FILE.json", help="keep the raw figures")
    return made


@contextmanager
def serving(options: argparse.Namespace) -> Iterator[list[Target]]:
    """Run the servers that are to be measured; the one to compare with comes last."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = []
        if options.server:
            targets.append(at_uri(options.server, options.pid))
        if options.peer or not options.server:
            model = model_directory(options.model, options.cache)
            told = Options(
                *(model, options.language, options.threads, options.beam), options.device
            )
        if not options.server:
            targets.append(stack.enter_context(our_server(told, folder)))
        if options.peer:
            other = peer_server(told, folder, options.cache, options.peer_options)
            targets.append(stack.enter_context(other))
        yield targets


def scripts_of(utterances: list[Utterance], silence_s: float) -> list[Script]:
    return [
        script(one.name, in_a_room(one.samples, one.name, silence_s), one.language)
        for one in utterances
    ]


def plans(options: argparse.Namespace, utterances: list[Utterance]) -> Iterator[Plan]:
    """Every scenario with every number of streams."""
    scripts = scripts_of(utterances, options.silence)
    for scenario in options.scenarios:
        for streams in options.streams:
            yield plan(scenario, streams, scripts, options.limit, options.rounds)


async def measure_speech(
    options: argparse.Namespace,
    utterances: list[Utterance],
    targets: list[Target],
    console: Console,
) -> list[Measured]:
    await warm_up(targets, scripts_of(utterances[-1:], options.silence))
    found = []
    for one in plans(options, utterances):
        with console.status(f"{one.scenario}, {one.streams} streams, {len(one.rounds)} rounds"):
            found += await measure(one, targets)
    return found


def speech(options: argparse.Namespace, targets: list[Target], console: Console) -> None:
    everything = load(options.language, options.half, options.cache)
    utterances = [one for one in everything if one.seconds <= options.longest]
    said = {one.name: one.text for one in utterances}
    measured = asyncio.run(measure_speech(options, utterances, targets, console))
    summaries = [summarise(one, said, options.language) for one in measured]
    console.print(report.summary_table(summaries))
    if len(targets) > 1:
        names = [target.name for target in targets]
        console.print(report.ratio_table(ratios(summaries, *names), *names))
    report.failures(measured, console)
    if options.out:
        report.write_json(options.out, vars(options), targets, measured, summaries, [], said)


def sounds(options: argparse.Namespace, targets: list[Target], console: Console) -> None:
    with console.status("sounds without speech"):
        found = asyncio.run(listen_to_sounds(targets, options.sound_seconds, options.language))
    console.print(report.invention_table(found))
    console.print(report.invention_counts(found))
    if options.out:
        report.write_json(options.out, vars(options), targets, [], [], found, {})


def main() -> int:
    options = parser().parse_args()
    console = Console()
    console.width = max(console.width, NARROWEST)
    try:
        with serving(options) as targets:
            for target in targets:
                console.print(f"{target.name}: {target.version or target.port}", highlight=False)
            (sounds if options.sounds else speech)(options, targets, console)
    except (NoRecordings, NoModel, NoServer, VoiceStackError, ValueError) as error:
        console.print(f"{error}", style="red", highlight=False, markup=False)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
