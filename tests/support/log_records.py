"""Records of the log, as the page shows them."""

from __future__ import annotations

import logging


def line(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("wyoming_voice_stack.app", level, "", 1, text, (), None)
