"""What the commands print: messages, tables and progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

PROGRAM = "wyoming-voice-stack"
PIPE_COLUMNS = 10_000
"""Width where there is no terminal: nothing that is printed there is cut off or wrapped."""

T = TypeVar("T")


HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


def examples(*lines: str) -> str:
    """Return command lines as the last part of a command's help; they contain no square brackets."""
    # Between paragraphs, typer keeps line breaks.
    return "\n\n".join(["Examples:", *lines])


def console(*, stderr: bool = True) -> Console:
    """Return the terminal, or the pipe, that a command writes to."""
    from rich.console import Console

    made = Console(stderr=stderr)
    if not made.is_terminal:
        made.width = PIPE_COLUMNS
    return made


def below_progress(items: Iterable[T], description: str, *, total: int) -> Iterator[T]:
    """Yield the items at once, or on a terminal when the progress bar has ended.

    The items that there are on an interruption or a failure are yielded before it is raised.
    """
    from rich.progress import Progress

    screen = console()
    if not screen.is_terminal:
        yield from items
        return
    made: list[T] = []
    try:
        # Redirected, standard output would go to where the bar is, also if it is a file.
        with Progress(console=screen, redirect_stdout=False, redirect_stderr=False) as progress:
            made.extend(progress.track(items, total=total, description=description))
    finally:
        yield from made
