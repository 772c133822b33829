"""Deadlines of HTTP requests: how long a client may leave the server waiting."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Deadlines:
    """In seconds."""

    read_s: float = 30.0
    """Longest time without data while a body is received (READ_TIMEOUT_SECONDS)."""
    write_s: float = 120.0
    """Longest time that a client may leave a response unread (WRITE_TIMEOUT_SECONDS)."""


DEADLINES = web.AppKey("deadlines", Deadlines)


def deadlines_of(request: web.Request) -> Deadlines:
    """Return the deadlines of the application that serves a request."""
    return request.app.get(DEADLINES, Deadlines())
