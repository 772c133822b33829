"""Log lines for people or for machines, on standard error."""

from __future__ import annotations

import logging
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_CHATTY = ("numba", "faster_whisper", "httpx", "httpcore", "filelock", "TTS", "asyncio", "zeroconf")


def configure_logging(level: str, form: Literal["text", "json"]) -> None:
    """Send everything of `level` and above to standard error, libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(_FIELDS, rename_fields={"levelname": "level", "asctime": "time"})
        if form == "json"
        else logging.Formatter(_TEXT)
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
