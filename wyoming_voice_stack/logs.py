"""Log lines for people or for machines, on standard error."""

from __future__ import annotations

import logging
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_CHATTY = (
    "numba",
    "faster_whisper",
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "filelock",
    "TTS",
    "asyncio",
    "zeroconf",
)


def configure_logging(level: str, form: Literal["text", "json"]) -> None:
    """Send everything of `level` and above to standard error, chatty libraries from WARNING on.

    Python's warnings become log lines too, so that with `json` every line is one JSON object.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(_FIELDS, rename_fields={"levelname": "level", "asctime": "time"})
        if form == "json"
        else logging.Formatter(_TEXT)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    quietest = max(logging.WARNING, logging.getLevelNamesMapping()[level])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(quietest)
    logging.getLogger("aiohttp.server").addFilter(_is_about_us)
    logging.getLogger("zeroconf").addFilter(_in_one_line)


def _is_about_us(record: logging.LogRecord) -> bool:
    # To aiohttp a stranger's broken request, which it answers with 400, is an error of the server.
    raised = record.exc_info[0] if record.exc_info else None
    return raised is None or raised.__module__ != "aiohttp.http_exceptions"


def _in_one_line(record: logging.LogRecord) -> bool:
    # A network that is away for a moment is no fault of the program.
    if record.exc_info and isinstance(record.exc_info[1], OSError):
        record.exc_info = None
    return True
