"""Reads the health of a running server over HTTP."""

from __future__ import annotations

import json
from typing import Any

MAX_HEALTH_BYTES = 64 * 1024


def read_health(host: str, port: int, *, timeout_s: float) -> dict[str, Any]:
    """Return what the server at this address answers to `GET /health`. Blocks for a few `timeout_s` at most.

    Empty if nothing answers, or another program without such an answer.
    """
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", "/health")
        health = json.loads(connection.getresponse().read(MAX_HEALTH_BYTES))
    except (OSError, HTTPException, ValueError, RecursionError):
        return {}
    finally:
        connection.close()
    return health if isinstance(health, dict) else {}
