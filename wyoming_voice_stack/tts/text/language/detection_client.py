"""Language detection in a separate process.

The detector's library holds the interpreter lock for up to two seconds while it loads its models.
In the server's process, that would delay every `describe`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process

from wyoming_voice_stack.tts.text.language.detector import MAX_CHARACTERS

_LOGGER = logging.getLogger(__name__)

DETECTION_SECONDS = 15.0
"""Timeout of one detection, including the time to load the models for the first one."""
TRIES = 2
"""If the process exits or hangs, it is restarted and the request repeated once."""

_PROGRAM = "wyoming_voice_stack.tts.text.language.detection_process"


class LanguageDetection:
    """Client of the detection process; returns the first language if detection fails."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._one_at_a_time = asyncio.Lock()
        self._exchange: asyncio.Task[str] | None = None

    async def warm_up(self, languages: tuple[str, ...]) -> None:
        """Start the process and load the models for these languages."""
        await self.detect("", languages)

    async def stop(self) -> None:
        """Kill the process, even during a detection."""
        if self._exchange is not None:
            self._exchange.cancel()
            await asyncio.wait({self._exchange})
        await self._kill()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def detect(self, text: str, languages: tuple[str, ...]) -> str:
        """Return the language of the text among `languages`, or the first one if it is unclear."""
        # A caller that leaves does not end the exchange: its answer would be taken as the next one's, and
        # a process that was killed would have to load its models again.
        await self._one_at_a_time.acquire()
        self._exchange = asyncio.create_task(self._detect(text[:MAX_CHARACTERS], languages))
        self._exchange.add_done_callback(lambda _: self._one_at_a_time.release())
        return await asyncio.shield(self._exchange)

    async def _detect(self, text: str, languages: tuple[str, ...]) -> str:
        question = {"text": text, "languages": languages}
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(DETECTION_SECONDS):
                    answer = await self._ask(json.dumps(question).encode() + b"\n")
                language: str = json.loads(answer)["language"]
            except (OSError, ValueError, TimeoutError) as error:
                _LOGGER.warning("Language detection failed (%s)", type(error).__name__)
                await self._kill()
            else:
                return language
        return languages[0]

    async def _ask(self, question: bytes) -> bytes:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", _PROGRAM, stdin=PIPE, stdout=PIPE
            )
        if process.stdin is None or process.stdout is None:
            raise OSError("the process has no pipes")
        process.stdin.write(question)
        await process.stdin.drain()
        return await process.stdout.readline()
