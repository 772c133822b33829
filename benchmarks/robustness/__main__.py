"""Attacks Wyoming servers, and measures what other clients notice and what memory is kept.

    python -m benchmarks.robustness                          our two servers
    python -m benchmarks.robustness --peer                   and wyoming-faster-whisper and wyoming-piper
    python -m benchmarks.robustness --only-peer              these two alone
    python -m benchmarks.robustness 127.0.0.1:10300 --pid 4711
    python -m benchmarks.robustness --only ping --seconds 5  attacks with `ping` in their name

Attack only servers of your own: an attack may end a server or use all of the machine's memory.

Each attack runs in a process of its own, and comes from another address of this machine where it
has one. At the same time a bystander sends `describe` every 50 ms on a new connection, each timed
from the moment it is due, and makes one request after the other. An answer is right if it is that
of the undisturbed server, but for a quarter of its words or of its length. Five seconds after the
attack, the memory that is still in use counts as kept, and a server that answers `describe` and a
request lives. A server that was started here and does not is replaced for the next attack.

The server's event loop ran and waited for so many percent of the time. A loop that runs most of the time has
too much work. One that waits could not run, because attackers, bystanders and engines had the cores.
Below the table, the time of the slowest `describe` is divided among the server and the bystander.

An attacker here takes processor time that one on another machine would not: with few cores, the server and
the bystander wait for it, and that is measured too. With `--give-way`, attackers run at the lowest
priority, so that what is measured is the server's work. They attack a little more slowly then.

Attacks over HTTP are not carried out on the peers, which do not speak it. Foreign clients attack a
server of ours whose `ALLOWED_CLIENTS` does not name them; they need an address that is not loopback. Below the table is how many bytes each attack added to the server's log.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.program import add_file_options, new_parser, run_program
from benchmarks.robustness.attack import Attack, Service
from benchmarks.robustness.attacker import LEAST_PRIORITY, attack_from_process
from benchmarks.robustness.attacks.catalogue import ATTACKS
from benchmarks.robustness.robust_servers import (
    Attacked,
    Choice,
    given_choice,
    is_loopback,
    other_address,
    own_choices,
    peer_choices,
)
from benchmarks.robustness.robustness_report import print_remarks, robustness_table, write_trials
from benchmarks.robustness.trial import Trial, try_attack

SERVICES: tuple[Service, ...] = ("asr", "tts")
COLUMNS = 180


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    add = made.add_argument_group("servers").add_argument
    add("server", nargs="?", metavar="HOST:PORT", help="attack this running server, not ours")
    add("--pid", type=int, help="its process ID, to measure memory")
    add("--services", nargs="+", choices=SERVICES, default=SERVICES, help="default: both")
    add("--peer", action="store_true", help="attack wyoming-faster-whisper and wyoming-piper too")
    add("--only-peer", action="store_true", help="attack these two and not ours")
    add = made.add_argument_group("attacks").add_argument
    add("--only", nargs="+", metavar="TEXT", help="attacks whose name contains one of these texts")
    add("--seconds", type=float, default=10.0, help="longest time of an attack; default: 10")
    add("--give-way", action="store_true", help="attackers use only what others leave of the cores")
    add("--source", metavar="ADDRESS", help="address that the attackers come from")
    add_file_options(made)
    return made


def choices(options: argparse.Namespace) -> list[Choice]:
    """The servers that the options ask for."""
    services = list(options.services)
    chosen: list[Choice] = []
    if options.server:
        chosen = [given_choice(options.server, options.pid)]
    elif not options.only_peer:
        chosen = own_choices(services)
    if options.peer or options.only_peer:
        chosen += peer_choices(services, options.cache)
    return chosen


def attacks(only: Sequence[str] | None) -> list[Attack]:
    """The attacks that the options ask for.

    Raises:
        BenchmarkError: no attack has such a name.
    """
    found = [attack for attack in ATTACKS if not only or any(text in attack.name for text in only)]
    if not found:
        names = ", ".join(attack.name for attack in ATTACKS)
        raise BenchmarkError(f"No attack has one of these names: {only}. Available: {names}.")
    return found


def attack_server(
    attacked: Attacked, wanted: Sequence[Attack], options: argparse.Namespace, console: Console
) -> list[Trial]:
    """Carry out all attacks on one server; ends early if it cannot be started again."""
    trials: list[Trial] = []
    for attack in wanted:
        try:
            subject = attacked.subject()
        except BenchmarkError as error:
            console.print(f"{attacked.name}: {error}", highlight=False, markup=False)
            break
        if subject.service not in attack.services:
            continue
        with console.status(f"{attacked.name}: {attack.name}"):
            strike = partial(
                attack_from_process, niceness=LEAST_PRIORITY if options.give_way else 0
            )
            striking = try_attack(attack.name, subject, strike, options.seconds, options.source)
            trials.append(asyncio.run(striking))
        if not trials[-1].lives:
            attacked.kill()
    return trials


def assigned(
    chosen: Sequence[Choice], wanted: Sequence[Attack]
) -> Iterator[tuple[Choice, list[Attack]]]:
    """The servers with their attacks; outsiders attack one of our own that does not allow them."""
    for choice in chosen:
        possible = [one for one in wanted if choice.serves_http or not one.over_http]
        if choice.start_closed is None:
            # Peers allow all addresses; a server that runs already may not.
            yield choice, [one for one in possible if not (one.outsiders and choice.allows_all)]
            continue
        for outsiders in (False, True):
            its_attacks = [attack for attack in possible if attack.outsiders is outsiders]
            start = choice.start_closed if outsiders else choice.start
            if its_attacks:
                yield choice._replace(start=start), its_attacks


def without_outsiders(
    wanted: Sequence[Attack], source: str | None, console: Console
) -> list[Attack]:
    """The attacks that can be carried out from this address; one line names the others."""
    if source is not None and not is_loopback(source):
        return list(wanted)
    left_out = ", ".join(attack.name for attack in wanted if attack.outsiders)
    if left_out:
        console.print(f"Not run, because servers allow all loopback addresses: {left_out}.")
    return [attack for attack in wanted if not attack.outsiders]


def run(options: argparse.Namespace, console: Console) -> None:
    options.source = options.source or other_address()
    wanted = without_outsiders(attacks(options.only), options.source, console)
    trials: list[Trial] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for choice, its_attacks in assigned(choices(options), wanted):
            attacked = Attacked(choice, folder)
            stack.callback(attacked.stop)
            trials += attack_server(attacked, its_attacks, options, console)
            attacked.stop()
    order = [attack.name for attack in wanted]
    trials.sort(key=lambda trial: order.index(trial.attack))
    console.print(robustness_table(trials))
    print_remarks(trials, console)
    if options.out:
        write_trials(options.out, vars(options), trials)


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=COLUMNS))
