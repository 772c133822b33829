"""Logging to standard error, as text or JSON."""

from __future__ import annotations

import logging
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_VERBOSE_LIBRARIES = (
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
    """Log `level` and above to standard error; verbose libraries from WARNING on.

    Python's warnings are logged too, so that with `json` every line is one JSON object.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(_FIELDS, rename_fields={"levelname": "level", "asctime": "time"})
        if form == "json"
        else logging.Formatter(_TEXT)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    library_level = max(logging.WARNING, logging.getLevelNamesMapping()[level])
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
