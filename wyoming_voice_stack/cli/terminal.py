"""What the commands print: messages, tables and progress."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from wyoming_voice_stack.errors import EXIT_CONFIG, EXIT_INTERRUPTED, VoiceStackError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from wyoming_voice_stack.models.progress import Progress

PROGRAM = "wyoming-voice-stack"
PIPE_COLUMNS = 10_000
"""Width where there is no terminal: nothing that is printed there is cut off or wrapped."""

T = TypeVar("T")


HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

# typer gives no name to the errors of which this is one: unknown options, missing arguments.
_USAGE_ERROR: type[Any] = typer.BadParameter.__bases__[0]


def run(app: Callable[..., int | None]) -> NoReturn:
    """Run a command line and exit; an expected failure is one line and an exit status of its own."""
    try:
        status = app(standalone_mode=False, prog_name=PROGRAM) or 0
    except VoiceStackError as error:
        exit_with(str(error), error.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        status = EXIT_INTERRUPTED
    except _USAGE_ERROR as error:
        _exit_with_usage(error)
    except OSError as error:
        # Errors of files have their names.
        if error.errno not in _UNWRITABLE or error.filename is not None:
            raise
        _discard_output()
        exit_with(f"The output cannot be written: {error.strerror}.", EXIT_CONFIG)
    if status == EXIT_INTERRUPTED:
        exit_with("interrupted.", status)
    sys.exit(status)


def _discard_output() -> None:
    """Discard what is printed but not written yet, which would fail again at the exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_with(message: str, status: int) -> NoReturn:
    """Print one line and exit."""
    typer.echo(f"{PROGRAM}: {message}", err=True)
    sys.exit(status)


def _exit_with_usage(error: Any) -> NoReturn:
    message = error.format_message()
    if not message:
        # Without a command, typer has already printed the help.
        sys.exit(error.exit_code)
    if "\n" in message:
        # Without rich, the message is the help.
        error.show()
        sys.exit(error.exit_code)
    message = message.replace(": Value error, ", ": ")
    command = error.ctx.command_path if error.ctx else PROGRAM
    sentence = message if message.endswith((".", "?")) else f"{message}."
    exit_with(f"{sentence} For help, run: {command} --help", error.exit_code)


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


@contextmanager
def download_progress(name: str) -> Iterator[Progress]:
    """Show the progress of one model: a bar on a terminal, otherwise a line from time to time."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from wyoming_voice_stack.models.progress import ProgressLines, progress_text

    screen = console()
    if not screen.is_terminal:
        yield ProgressLines(name, lambda line: typer.echo(line, err=True))
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn())
    size = TextColumn("{task.fields[size]}", markup=False)
    # It appears with the first bytes: a model that is there already shows no bar.
    with Bar(*columns, size, TimeRemainingColumn(), console=screen) as bar:
        task = bar.add_task(name, total=None, size="", visible=False)

        def show(done_bytes: int, total_bytes: int) -> None:
            bar.update(
                task,
                completed=done_bytes,
                total=total_bytes or None,
                size=progress_text(done_bytes, total_bytes),
                visible=True,
            )

        yield show


def foreign_text(text: str) -> Text:
    """Return what another machine has sent, with neither markup nor control characters in effect."""
    from rich.text import Text

    return Text("".join(each if each.isprintable() else "?" for each in text))
