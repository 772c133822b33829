"""Logging to standard error, as text or JSON."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_OWN = "wyoming_voice_stack"
"""The logger of this package; its children are those of the modules."""
_VERBOSE_LIBRARIES = ("TTS", "filelock", "numba", "transformers", "zeroconf")
"""Libraries that set a level for themselves."""

REPEATS = "repeats"
"""Name of the `extra` of a line that a stranger can cause at will: its `Repeats`."""
REPEAT_SECONDS = 60.0
MAX_REPEAT_KINDS = 256
"""Kinds of lines that are counted at a time; all others count as one."""


@dataclass(frozen=True)
class Repeats:
    """What kind of line it is, and how many of the kind are logged each minute."""

    kind: str
    lines: int = 1


RECENT_LINES = 200
MAX_RECENT_CHARACTERS = 500
"""Longest text of a kept line; the rest is left out."""


@dataclass(frozen=True)
class RecentLine:
    """A log line that is kept in memory."""

    number: int
    """Counts all lines since the start, from 1."""
    time: float
    """Seconds since 1970."""
    level: str
    text: str


class RecentLines:
    """Keeps the last lines in memory, from INFO on: those of DEBUG quote what is spoken. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[RecentLine] = deque(maxlen=RECENT_LINES)
        self._count = 0

    def add(self, record: logging.LogRecord) -> None:
        """Keep a line, without its traceback."""
        if record.levelno < logging.INFO:
            return
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            # Arguments that do not fit their text; the handler that prints the line reports them.
            return
        shown = text[:MAX_RECENT_CHARACTERS] + ("…" if len(text) > MAX_RECENT_CHARACTERS else "")
        with self._lock:
            self._count += 1
            self._lines.append(RecentLine(self._count, record.created, record.levelname, shown))

    def after(self, number: int = 0) -> list[RecentLine]:
        """Return the kept lines after the one with a number, the oldest first."""
        with self._lock:
            return [line for line in self._lines if line.number > number]


recent_lines = RecentLines()
"""The lines of this process since `configure_logging` was called."""


class _KeepingHandler(logging.StreamHandler[TextIO]):
    """Prints lines, and keeps the last ones."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        recent_lines.add(record)


@dataclass
class _Counted:
    since: float
    logged: int = 0
    suppressed: int = 0


class RepeatFilter(logging.Filter):
    """Suppresses repetitions of a line beyond its number a minute; the next line gives their count.

    It only concerns lines logged with `extra={REPEATS: Repeats(...)}`. DEBUG shows all of them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[str, _Counted] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is logged; adds the number of lines suppressed before it."""
        # Removed, because the JSON formatter writes all that was added to a record.
        repeats: Any = record.__dict__.pop(REPEATS, None)
        if not isinstance(repeats, Repeats) or logging.getLogger(_OWN).isEnabledFor(logging.DEBUG):
            return True
        counted = self._count_of(repeats.kind)
        if counted.logged >= repeats.lines:
            counted.suppressed += 1
            return False
        counted.logged += 1
        if counted.suppressed:
            record.msg = f"{record.getMessage()} ({counted.suppressed} more like this before)"
            record.args, counted.suppressed = (), 0
        return True

    def _count_of(self, kind: str) -> _Counted:
        now = self._clock()
        if kind not in self._kinds and len(self._kinds) >= MAX_REPEAT_KINDS:
            self._forget_old(now)
        if kind not in self._kinds and len(self._kinds) >= MAX_REPEAT_KINDS:
            kind = ""
        counted = self._kinds.setdefault(kind, _Counted(now))
        if now - counted.since >= REPEAT_SECONDS:
            counted.since, counted.logged = now, 0
        return counted

    def _forget_old(self, now: float) -> None:
        self._kinds = {
            kind: counted
            for kind, counted in self._kinds.items()
            if now - counted.since < REPEAT_SECONDS or counted.suppressed
        }


def configure_logging(level: str, form: Literal["text", "json"]) -> None:
    """Log this package's lines from `level` on to standard error, and those of libraries from WARNING on.

    Python's warnings are logged too, so that with `json` every line is one JSON object.
    """
    handler = _KeepingHandler()
    handler.setFormatter(
        JsonFormatter(_FIELDS, rename_fields={"levelname": "level", "asctime": "time"})
        if form == "json"
        else logging.Formatter(_TEXT)
    )
    handler.addFilter(RepeatFilter())
    library_level = max(logging.WARNING, logging.getLevelNamesMapping()[level])
    logging.basicConfig(level=library_level, handlers=[handler], force=True)
    logging.getLogger(_OWN).setLevel(level)
    logging.captureWarnings(capture=True)
    for name in _VERBOSE_LIBRARIES:
        logging.getLogger(name).setLevel(library_level)
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)
    logging.getLogger("zeroconf").addFilter(_without_traceback)


def _is_our_fault(record: logging.LogRecord) -> bool:
    # aiohttp logs a client's malformed request, which it answers with 400, as an error of the server.
    raised = record.exc_info[0] if record.exc_info else None
    return raised is None or raised.__module__ != "aiohttp.http_exceptions"


def _without_traceback(record: logging.LogRecord) -> bool:
    # A network that is unavailable for a moment is not a defect of the program.
    if record.exc_info and isinstance(record.exc_info[1], OSError):
        record.exc_info = None
    return True
