from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

SAY = """
import logging, sys, warnings
from wyoming_voice_stack.logs import configure_logging
configure_logging(*sys.argv[1:])
for name in ("wyoming_voice_stack.server.app", "asyncio", "TTS.api"):
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
    counts = [sum(f" {name}: " in line for line in lines) for name in ("app", "asyncio", "TTS.api")]
    counts[0] = sum("wyoming_voice_stack.server.app" in line for line in lines)
    assert counts == [ours, libraries, libraries]


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
