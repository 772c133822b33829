from __future__ import annotations

import ast
import json
import logging
import re
import subprocess
import sys

import pytest

from wyoming_voice_stack.logs import MAX_REPEAT_KINDS, REPEATS, RepeatFilter, Repeats

SAY = """
import logging, sys, warnings
from wyoming_voice_stack.logs import configure_logging
configure_logging(*sys.argv[1:])
for name in ("wyoming_voice_stack.server.app", "asyncio", "TTS.api", "markdown_it.rules_block"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logging.getLogger(name).log(level, "one %s", "message")
"""
RAISE = """
try:
    raise ValueError("two\\nlines")
except ValueError:
    logging.getLogger("wyoming_voice_stack.server.app").exception("failed")
warnings.warn("this is old", FutureWarning)
"""
HTTP = """
from aiohttp.http_exceptions import BadHttpMessage
server = logging.getLogger("aiohttp.server")
server.error("Error handling request", exc_info=BadHttpMessage("a stranger's"))
server.error("Error handling request", exc_info=KeyError("our own"))
"""

NETWORK = """
error = OSError("Network is unreachable")
logging.getLogger("zeroconf").warning("Failed", exc_info=ValueError("a fault of the library"))
logging.getLogger("zeroconf").warning("Error with socket 8: %s", error, exc_info=error)
"""


KEEP = """
from wyoming_voice_stack.logs import REPEATS, RECENT_LINES, Repeats, recent_lines
app = logging.getLogger("wyoming_voice_stack.server.app")
for number in range(RECENT_LINES):
    app.info("refused %d", number, extra={REPEATS: Repeats("refused")})
app.error("failed", exc_info=ValueError("spoken"))
print([(line.number, line.level, line.text) for line in recent_lines.after()], file=sys.stderr)
"""


def test_the_last_lines_are_kept_as_they_are_printed() -> None:
    *_, kept = logged("DEBUG", "text", KEEP)
    # Neither DEBUG, which quotes what is spoken, nor a traceback.
    assert "spoken" not in kept
    assert "'DEBUG'" not in kept
    *_, kept = logged("INFO", "json", KEEP)
    lines = ast.literal_eval(kept)
    assert [line[1:] for line in lines[-2:]] == [("INFO", "refused 0"), ("ERROR", "failed")]
    assert [line[0] for line in lines] == list(range(1, len(lines) + 1))


def logged(level: str, form: str, more: str = "") -> list[str]:
    """Logging belongs to the whole process, so it is set up in one of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SAY + more, level, form], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("level", "ours", "libraries"),
    [("DEBUG", 4, 2), ("INFO", 3, 2), ("WARNING", 2, 2), ("ERROR", 1, 1)],
)
def test_levels(level: str, ours: int, libraries: int) -> None:
    lines = logged(level, "text")
    assert all(
        re.fullmatch(r"[\d-]{10} [\d:,]{12} [A-Z]+ +[\w.]+: one message", line) for line in lines
    )
    names = ("app", "asyncio", "TTS.api", "markdown_it.rules_block")
    counts = [sum(f"{name}: " in line for line in lines) for name in names]
    counts[0] = sum("wyoming_voice_stack.server.app" in line for line in lines)
    assert counts == [ours, libraries, libraries, libraries]


def test_json_is_one_object_a_line_whatever_happens() -> None:
    entries = [json.loads(line) for line in logged("INFO", "json", RAISE)]
    assert all({"time", "level", "name", "message"} <= set(entry) for entry in entries)
    *_, failure, warning = entries
    assert failure["level"] == "ERROR"
    assert "two\nlines" in failure["exc_info"]
    assert warning["level"] == "WARNING"
    assert "this is old" in warning["message"]


def test_broken_request_of_a_stranger_is_no_error_of_ours() -> None:
    text = "\n".join(logged("INFO", "text", HTTP))
    assert "a stranger's" not in text
    assert "our own" in text


def test_network_that_is_away_is_one_line() -> None:
    *_, fault, line = logged("INFO", "text", NETWORK)
    assert fault == "ValueError: a fault of the library"
    assert line.endswith("WARNING zeroconf: Error with socket 8: Network is unreachable")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class TestRepeats:
    @staticmethod
    def said(filtered: RepeatFilter, kind: str, lines: int = 1) -> str | None:
        """The line as it is logged; None if it is suppressed."""
        record = logging.makeLogRecord(
            {"msg": "refused %s", "args": ("one",), REPEATS: Repeats(kind, lines)}
        )
        return record.getMessage() if filtered.filter(record) else None

    def test_once_a_minute_with_a_count(self) -> None:
        clock = Clock()
        filtered = RepeatFilter(clock)
        assert self.said(filtered, "busy") == "refused one"
        assert [self.said(filtered, "busy") for _ in range(300)] == [None] * 300
        assert self.said(filtered, "not-allowed") == "refused one"
        clock.now = 59.9
        assert self.said(filtered, "busy") is None
        clock.now = 60.0
        assert self.said(filtered, "busy") == "refused one (301 more like this before)"
        clock.now = 120.0
        assert self.said(filtered, "busy") == "refused one"

    def test_some_kinds_have_more_lines(self) -> None:
        filtered = RepeatFilter(Clock())
        said = [self.said(filtered, "unknown-voice of 192.0.2.1", 3) for _ in range(5)]
        assert said == ["refused one"] * 3 + [None] * 2

    def test_kinds_are_bounded(self) -> None:
        filtered = RepeatFilter(Clock())
        said = [self.said(filtered, f"busy of {number}") for number in range(10_000)]
        assert sum(line is not None for line in said) == MAX_REPEAT_KINDS + 1
        assert len(filtered._kinds) == MAX_REPEAT_KINDS + 1

    def test_old_kinds_make_room(self) -> None:
        clock = Clock()
        filtered = RepeatFilter(clock)
        for number in range(MAX_REPEAT_KINDS):
            self.said(filtered, f"busy of {number}")
        clock.now = 60.0
        assert self.said(filtered, "a new one") == "refused one"
        assert len(filtered._kinds) == 1

    def test_other_lines_are_untouched(self) -> None:
        record = logging.makeLogRecord({"msg": "plain"})
        assert RepeatFilter().filter(record)

    def test_the_kind_is_not_in_json(self) -> None:
        more = (
            "from wyoming_voice_stack.logs import REPEATS, Repeats\n"
            "log = logging.getLogger('wyoming_voice_stack.server.listener')\n"
            "for _ in range(3): log.warning('refused', extra={REPEATS: Repeats('busy')})"
        )
        [line] = [line for line in logged("WARNING", "json", more) if "refused" in line]
        assert set(json.loads(line)) == {"time", "level", "name", "message"}
