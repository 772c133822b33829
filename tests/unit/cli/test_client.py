"""The client that commands use, and servers that fail it."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from wyoming_voice_stack.cli import client
from wyoming_voice_stack.errors import EngineError

RESET = struct.pack("ii", 1, 0)


async def test_a_lost_connection_is_named_in_words() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()

    async with await asyncio.start_server(reset, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(EngineError, match=r" was lost: Connection reset by peer\.$"):
            await client.describe(f"tcp://127.0.0.1:{port}")
