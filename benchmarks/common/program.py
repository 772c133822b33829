"""What the command lines of the benchmarks have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks.common.cache import default_cache
from benchmarks.common.errors import BenchmarkError
from wyoming_voice_stack.errors import VoiceStackError

FAILED = 1

OptionGroup = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no public name for it


def new_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows the description as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_server_options(parser: argparse.ArgumentParser, peer: str) -> OptionGroup:
    """Add the choice of the servers to measure, and return its group for further options."""
    group = parser.add_argument_group("servers")
    group.add_argument("--server", metavar="URI", help="measure this running server, not ours")
    group.add_argument("--pid", type=int, help="its process ID, to measure CPU time and memory")
    group.add_argument("--peer", action="store_true", help=f"compare with {peer}")
    group.add_argument("--peer-options", default="", help="more options for it, in one argument")
    return group


def add_cache_option(parser: argparse.ArgumentParser) -> None:
    """Add the folder for downloads."""
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Add the folder for downloads and the file for the figures."""
    add_cache_option(parser)
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write the raw figures")


def run_program(
    run: Callable[[argparse.Namespace, Console], None],
    options: argparse.Namespace,
    *,
    columns: int = 80,
) -> int:
    """Run a benchmark and return its exit status; an expected error is one red line.

    Tables have room for `columns` characters at least, also where the output is a file.
    """
    console = Console()
    console.width = max(console.width, columns)
    try:
        run(options, console)
    except (BenchmarkError, VoiceStackError) as error:
        console.print(f"{error}", style="red", highlight=False, markup=False)
        return FAILED
    return 0
