"""What a connection is answered that the server does not serve, in both protocols."""

from __future__ import annotations

from wyoming.error import Error

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.error_body import REQUEST_ID_HEADER, new_request_id
from wyoming_voice_stack.protocol.framing import encode


def error_event(error: VoiceStackError) -> bytes:
    """Return the `error` event of the Wyoming protocol."""
    return encode(Error(text=str(error), code=error.code).event())


def is_http(first: bytes) -> bool:
    """Return whether a connection's first bytes begin an HTTP request."""
    return b"A" <= first[:1] <= b"Z"


def forbidden(error: VoiceStackError) -> bytes:
    """Return an HTTP response with status 403."""
    return _response("403 Forbidden", error)


def unavailable(error: VoiceStackError) -> bytes:
    """Return an HTTP response with status 503."""
    return _response("503 Service Unavailable", error)


def _response(status: str, error: VoiceStackError) -> bytes:
    body = f"{error}\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n{REQUEST_ID_HEADER}: {new_request_id()}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
