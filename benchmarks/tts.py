"""How soon and how fast text is spoken: our server, another, or both by turns; and XTTS itself.

    python benchmarks/tts.py --peer --limit 16 --out tts.json
    python benchmarks/tts.py --peer --repeat --lengths short
    python benchmarks/tts.py --server tcp://127.0.0.1:10200 --pid 4711
    python benchmarks/tts.py --xtts --tokens 60
    python benchmarks/tts.py --xtts --through-server --clients 1 4

Texts are sent to the servers as Home Assistant sends them, one connection a request: plain, as one
`synthesize`; and streamed, with words as a language model writes them. No sentence comes twice, but
with --repeat, which says every round again. With --peer, wyoming-piper runs beside our server with
the same voice and the same pause between sentences; the two say the same texts by turns, never at
the same time.

`first` is the first sound, in ms from when the first sentence was sent to its end, `end` the same
from the end of the whole text; either is negative where sound began before. `lead` is the silence
with which the sound begins. A failure (an error, a closed connection, no sound) counts as sound
that never came. `s/s` is seconds of sound per second from a request's beginning to its reply's end:
the median of single clients, and of all together. `gaps` are replies in which a player that begins
with the first piece has to wait for another. Processor time is that of the server's processes, per
second of sound. `late` is how many ms this program itself was late at worst: where it is long, the
machine stood still, not the server.

With --xtts there is no server: our XTTS and coqui-tts's own `inference_stream` speak in this
process, by turns, with random weights of full size, a fixed number of audio tokens and greedy
sampling. Ours speaks all texts of a round at once, coqui-tts one after another, since it cannot do
otherwise. That both say the same is seen from the sound: other tokens make another one.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import tts_report as report  # noqa: E402 - found by the line above
from benchmarks.recorded import default_cache  # noqa: E402
from benchmarks.servers import NoServer, Target, at_uri  # noqa: E402
from benchmarks.tts_checkpoint import checkpoint  # noqa: E402
from benchmarks.tts_feeding import SCENARIOS, WORDS_PER_SECOND, script  # noqa: E402
from benchmarks.tts_servers import JOE, Options, our_server, peer_server  # noqa: E402
from benchmarks.tts_summary import ratios, summarise  # noqa: E402
from benchmarks.tts_texts import LENGTHS, Texts, TextsRanOut  # noqa: E402
from benchmarks.tts_turns import Measured, Plan, measure, plan, warm_up  # noqa: E402
from benchmarks.tts_xtts import ALIKE_DB, measure_xtts  # noqa: E402
from wyoming_voice_stack.errors import VoiceStackError  # noqa: E402

CLIENTS = (1, 4, 8, 16)
TOKENS = 60
NARROWEST = 190
"""Characters of a line: a table that is written to a file is not squeezed."""
FAILED = 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = made.add_argument_group("what is said")
    what.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=SCENARIOS)
    what.add_argument("--lengths", nargs="+", choices=LENGTHS, default=LENGTHS)
    what.add_argument("--clients", nargs="+", type=_count, default=CLIENTS, help="at the same time")
    what.add_argument("--limit", type=_count, default=16, help="most requests of a line")
    what.add_argument("--repeat", action="store_true", help="say every round again")
    what.add_argument("--words-per-second", type=_positive, default=WORDS_PER_SECOND)
    what.add_argument("--seed", type=int, default=0, help="another one makes other texts")
    who = made.add_argument_group("who speaks")
    who.add_argument("--server", metavar="URI", help="a server that runs, in place of ours")
    who.add_argument("--pid", type=int, help="its process, to measure what it uses")
    who.add_argument("--peer", action="store_true", help="also wyoming-piper")
    who.add_argument("--peer-options", default="", help="more options for it, in one argument")
    who.add_argument("--model", default=JOE, help="as TTS_MODEL takes it; default: %(default)s")
    who.add_argument("--threads", type=int, default=0, help="of ours; 0 takes one a core")
    who.add_argument("--device", default="cpu", help="of XTTS: cpu, cuda or cuda:N")
    xtts = made.add_argument_group("XTTS with random weights")
    xtts.add_argument("--xtts", action="store_true", help="beside coqui-tts, in this process")
    xtts.add_argument("--tokens", type=_count, default=TOKENS, help="audio tokens a text")
    xtts.add_argument("--precision", default="float32", help="of ours, as TTS_PRECISION takes it")
    xtts.add_argument("--tiny", action="store_true", help="a small model, to try the benchmark")
    xtts.add_argument("--through-server", action="store_true", help="our server speaks it")
    made.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    made.add_argument("--out", type=Path, metavar="FILE.json", help="keep the raw figures")
    return made


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than one")
    return number


def _positive(text: str) -> float:
    if not (number := float(text)) > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number


@contextmanager
def serving(options: argparse.Namespace) -> Iterator[list[Target]]:
    """Run the servers that are to be measured; the one to compare with comes last."""
    told = Options(options.model, options.threads, options.device)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = []
        if options.server:
            targets.append(at_uri(options.server, options.pid))
        else:
            targets.append(stack.enter_context(our_server(told, folder)))
        if options.peer:
            other = peer_server(told, folder, options.cache, options.peer_options)
            targets.append(stack.enter_context(other))
        yield targets


def plans(options: argparse.Namespace, texts: Texts) -> Iterator[Plan]:
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
) -> list[Measured]:
    texts = Texts(options.seed)
    await warm_up(targets, [script("plain", texts.take("paragraph"))])
    found = []
    for one in plans(options, texts):
        what = f"{one.scenario}, {one.length}, {one.clients} clients, {len(one.rounds)} rounds"
        with console.status(what):
            found += await measure(one, targets, again=options.repeat)
    return found


def servers(options: argparse.Namespace, console: Console) -> None:
    """Measure servers by turns."""
    with serving(options) as targets:
        for target in targets:
            console.print(f"{target.name}: {target.version or target.port}", highlight=False)
        measured = asyncio.run(measure_servers(options, targets, console))
        show(options, targets, [target.name for target in targets], measured, console)


def xtts(options: argparse.Namespace, folder: Path, console: Console) -> None:
    """Measure our XTTS and coqui-tts's own by turns, in this process."""
    # Read when torch is imported; waiting threads then leave the cores to working ones.
    os.environ.update(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="0")
    from benchmarks.tts_stock import StockXtts
    from benchmarks.tts_xtts_ours import OurXtts

    # Every text is cut on purpose, which our engine warns of.
    logging.getLogger("wyoming_voice_stack").setLevel(logging.ERROR)
    with console.status("loading XTTS twice"):
        speakers = (
            OurXtts(folder, options.device, options.threads or None, options.precision),
            StockXtts(folder, options.device),
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
            f"{clients} at a time: {took} in all; the same sound for {alike.alike} of"
            f" {alike.texts} texts, at least {alike.worst_db:.0f} dB above the difference"
            f" (needed: {ALIKE_DB:.0f})",
            highlight=False,
        )
    show(options, [], [speaker.name for speaker in speakers], measured, console)
    for speaker in speakers:
        speaker.close()


def show(
    options: argparse.Namespace,
    targets: list[Target],
    names: list[str],
    measured: list[Measured],
    console: Console,
) -> None:
    """Print the tables, and keep the figures if that is wanted."""
    summaries = [summarise(one) for one in measured]
    console.print(report.summary_table(summaries))
    if len(names) > 1:
        console.print(report.ratio_table(ratios(summaries, *names), *names))
    report.failures(measured, console)
    if options.out:
        report.write_json(options.out, vars(options), targets, measured, summaries)


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


def main() -> int:
    options = parser().parse_args()
    console = Console()
    console.width = max(console.width, NARROWEST)
    try:
        run(options, console)
    except (NoServer, TextsRanOut, VoiceStackError) as error:
        console.print(f"{error}", style="red", highlight=False, markup=False)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
