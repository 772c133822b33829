"""The log of one connection: each line names the client, and a client cannot fill the log."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from wyoming_voice_stack.logs import REPEATS, Repeats

LOGGED_ERRORS_PER_MINUTE = 10
"""Errors of one kind that are logged for one address."""


class ConnectionLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the client's address and port before each line."""

    def __init__(self, logger: logging.Logger, connection_name: str) -> None:
        super().__init__(logger)
        self._name = connection_name
        self._address = connection_name.rpartition(":")[0]

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the name of the connection."""
        return f"[{self._name}] {msg}", kwargs

    def client_error(self, kind: str, message: str, *args: object) -> None:
        """Log what a client has caused; more lines of that `kind` than its number are only counted."""
        repeats = Repeats(f"{kind} of {self._address}", LOGGED_ERRORS_PER_MINUTE)
        self.warning(message, *args, extra={REPEATS: repeats})
