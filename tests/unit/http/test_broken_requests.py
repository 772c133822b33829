"""Requests that aiohttp refuses before any handler sees them."""

from __future__ import annotations

import pytest

from tests.support.peers import EchoService, listening, peer


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nlong: " + b"x" * 10_000 + b"\r\n\r\n",
    ],
)
async def test_they_have_a_request_id(request_head: bytes) -> None:
    async with listening(EchoService()) as listener, peer(listener.port) as client:
        await client.send_raw(request_head)
        head = await client.reader.readuntil(b"\r\n\r\n")
    assert b" 400 " in head
    assert b"x-request-id: req_" in head.lower()
