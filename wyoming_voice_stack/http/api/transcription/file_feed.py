"""Decodes an uploaded file in a thread, and passes its audio to an utterance piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from wyoming_voice_stack.asr.utterance import Utterance
from wyoming_voice_stack.codecs.decoding import DecodedAudio, decode_file
from wyoming_voice_stack.machine.growing_buffer import Content

DECODERS_AT_ONCE = 2
"""Threads that decode; each step is short, so that files take turns."""


class FileFeed:
    """Passes the audio of files to utterances. One for the server."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(DECODERS_AT_ONCE)

    async def feed(self, file: Content, utterance: Utterance) -> None:
        """Decode a file, and push its audio.

        Raises:
            UnsupportedAudio: it is not audio in a supported format.
            UtteranceTooLong: it has more audio than one utterance may have.
            Busy: the server holds too much audio.
        """
        pieces = decode_file(file)
        while (piece := await self._next(pieces)) is not None:
            await utterance.push(*piece)

    async def _next(self, pieces: Iterator[DecodedAudio]) -> DecodedAudio | None:
        async with self._turns:
            return await asyncio.to_thread(next, pieces, None)
