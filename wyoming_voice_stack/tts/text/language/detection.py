"""Language detection in a process of its own.

The detector's library holds the interpreter for up to two seconds while it loads its
models; in the server's own process no `describe` would be answered meanwhile.
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
"""How long one detection may take, the loading before the first one included."""
TRIES = 2
"""A process that is lost or hangs is replaced, and asked once more."""

_PROGRAM = "wyoming_voice_stack.tts.text.language.process"


class LanguageDetection:
    """Owns the process. What it cannot tell is the first of the languages."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def warm_up(self, languages: tuple[str, ...]) -> None:
        """Start the process and let it load what these languages need."""
        await self.detect("", languages)

    async def stop(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def detect(self, text: str, languages: tuple[str, ...]) -> str:
        """Return the one of `languages` that the text is in; the first, if it cannot be told."""
        question = {"text": text[:MAX_CHARACTERS], "languages": languages}
        async with self._one_at_a_time:
            for _ in range(TRIES):
                try:
                    async with asyncio.timeout(DETECTION_SECONDS):
                        answer = await self._ask(json.dumps(question).encode() + b"\n")
                    language: str = json.loads(answer)["language"]
                except (OSError, ValueError, TimeoutError) as error:
                    _LOGGER.warning("language detection failed (%s)", type(error).__name__)
                    await self.stop()
                except asyncio.CancelledError:
                    # An answer that nobody waits for would be taken for the next one.
                    await self.stop()
                    raise
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
