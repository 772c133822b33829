"""Both servers with fake engines, on an event loop that runs only while a client is served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support import asr_client, tts_client
from tests.support.fakes import WAIT_SECONDS, FakeRecognizer, FakeSynthesizer
from tests.support.peers import half_close, listening
from wyoming_voice_stack.logs import _is_our_fault
from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.event_limits import SERVER_FRAMES
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits
from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd

Mode = Literal["asr", "tts"]

HALF_CLOSE_S = 0.05
MOST_BYTES = 65536
HTTP_PATIENCE_S = 0.05
"""How long an HTTP client waits; the server does not answer one that has closed its side."""
LOGGERS = tuple(map(logging.getLogger, ("wyoming_voice_stack", "asyncio", "aiohttp.server")))


class _Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.addFilter(_is_our_fault)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@dataclass
class FuzzedServers:
    """Serves clients that send any bytes."""

    loop: asyncio.AbstractEventLoop
    ports: dict[Mode, int] = field(default_factory=dict)
    errors: _Errors = field(default_factory=_Errors)

    def serve(self, mode: Mode, data: bytes, patience_s: float | None = None) -> bytes:
        """Send bytes on a connection of their own, and check and return what comes back.

        The client closes its side at the first byte of the answer, or after `patience_s`; by default
        at once, or after HTTP_PATIENCE_S.
        """
        if patience_s is None:
            patience_s = HTTP_PATIENCE_S if _is_http(data) else 0.0
        answer = self.loop.run_until_complete(self._converse(mode, data, patience_s))
        assert not self.errors.messages, self.errors.messages
        if _is_http(data):
            assert not answer or answer.startswith(b"HTTP/"), answer[:100]
        else:
            _check_events(answer)
        return answer

    async def _converse(self, mode: Mode, data: bytes, patience_s: float) -> bytes:
        async with asyncio.timeout(WAIT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[mode])
            try:
                writer.write(data)
                first = b""
                if patience_s:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(patience_s):
                            first = await reader.read(MOST_BYTES)
                half_close(writer)
                return first + await reader.read(-1)
            except ConnectionError:
                return b""
            finally:
                writer.transport.abort()


@contextmanager
def fuzzed_servers(folder: Path) -> Iterator[FuzzedServers]:
    """Run both servers; `folder` is that of the voices."""
    loop = asyncio.new_event_loop()
    servers = FuzzedServers(loop)
    stack = AsyncExitStack()
    for logger in LOGGERS:
        logger.addHandler(servers.errors)
    try:
        loop.run_until_complete(_start(servers, stack, folder))
        yield servers
    finally:
        loop.run_until_complete(stack.aclose())
        for logger in LOGGERS:
            logger.removeHandler(servers.errors)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _start(servers: FuzzedServers, stack: AsyncExitStack, folder: Path) -> None:
    limits = ConnectionLimits(frame=SERVER_FRAMES, half_close_s=HALF_CLOSE_S)
    asr = await stack.enter_async_context(asr_client.serving(FakeRecognizer()))
    tts = await stack.enter_async_context(tts_client.serving(FakeSynthesizer(), folder))
    fronts: dict[Mode, AsrFrontEnd | TtsFrontEnd] = {
        "asr": AsrFrontEnd(asr),
        "tts": TtsFrontEnd(tts),
    }
    for mode, front_end in fronts.items():
        listener = await stack.enter_async_context(listening(front_end, limits=limits))
        servers.ports[mode] = listener.port


def _is_http(data: bytes) -> bool:
    return data[:1].isalpha() and data[:1].isupper()


def _check_events(answer: bytes) -> None:
    """Fail if an answer is not a sequence of whole events."""
    parser = EventParser(FrameLimits())
    parser.feed(answer)
    while (event := parser.next_event()) is not None:
        assert event.data.get("code") != "internal", event
    parser.end()
