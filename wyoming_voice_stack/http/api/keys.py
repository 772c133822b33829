"""The key of the API: where clients send it, and whether it is the right one."""

from __future__ import annotations

import hmac

from aiohttp import hdrs, web

from wyoming_voice_stack.http.api.api_errors import InvalidKey

_SCHEME = "bearer "
_SUBPROTOCOL = "openai-insecure-api-key."
"""Browsers cannot set headers of a WebSocket; there, the key is the end of a subprotocol."""


class ApiKey:
    """The configured key, if there is one. Without it, every request is accepted."""

    def __init__(self, key: str | None) -> None:
        self._key = None if key is None else key.encode()

    @property
    def required(self) -> bool:
        """Whether requests need a key."""
        return self._key is not None

    def check(self, request: web.Request) -> None:
        """Accept a request with the right key.

        Raises:
            InvalidKey: the request has no key, or a wrong one.
        """
        if self.is_sent_with(request):
            return
        raise InvalidKey(
            "The API key is missing or wrong; send the server's API_KEY as a bearer token.",
            headers={hdrs.WWW_AUTHENTICATE: "Bearer"},
        )

    def is_sent_with(self, request: web.Request) -> bool:
        """Return whether a request has the right key, or needs none."""
        return self.accepts(_key_of(request))

    def accepts(self, given: str) -> bool:
        """Return whether a key is the configured one; takes the same time for every wrong key."""
        if self._key is None:
            return True
        return hmac.compare_digest(given.encode(errors="surrogateescape"), self._key)


def _key_of(request: web.Request) -> str:
    header = request.headers.get(hdrs.AUTHORIZATION, "")
    if header[: len(_SCHEME)].lower() == _SCHEME:
        return header[len(_SCHEME) :].strip()
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    keys = [one.strip().removeprefix(_SUBPROTOCOL) for one in offered if _SUBPROTOCOL in one]
    return keys[0] if keys else ""
