"""A text-to-speech server that answers as its script says, which may change while it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import Attribution, Info, TtsProgram

from benchmarks.common.servers import Target

FORM = (16000, 2, 1)
PROGRAM = TtsProgram(
    "a", Attribution("a", "a"), installed=True, description=None, version=None, voices=[]
)


@dataclass
class Script:
    """What the server does; an attack may change it."""

    sound: int = 1000
    error: str = ""
    deaf: bool = False
    speaks: bool = True
    requests: int = 0
    ignored: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, event: Event, writer: asyncio.StreamWriter) -> None:
        if self.deaf:
            self.ignored.set()
            return
        if event.type == "describe":
            info = Info(tts=[PROGRAM] if self.speaks else [])
            await async_write_event(info.event(), writer)
        elif event.type == "synthesize":
            self.requests += 1
            await self._speak(writer)

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        if self.error:
            await async_write_event(Error(text="no", code=self.error).event(), writer)
            return
        sound = AudioChunk(*FORM, bytes(self.sound)).event()
        for event in (AudioStart(*FORM).event(), sound, AudioStop().event()):
            await async_write_event(event, writer)


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Target]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client may leave at any time.
        with suppress(OSError):
            while (event := await async_read_event(reader)) is not None:
                await script.answer(event, writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield Target("server", "127.0.0.1", port, os.getpid())
