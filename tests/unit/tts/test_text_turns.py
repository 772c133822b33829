from __future__ import annotations

import asyncio
import threading
from collections import Counter

from tests.support.fakes import eventually
from wyoming_voice_stack.tts.text_turns import LONG_CHARACTERS, TextTurns

REPLIES = 8
PIECES = 5


class LoopTurns:
    """Counts the turns of the event loop."""

    def __init__(self) -> None:
        self.number = 0
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self.number += 1
        asyncio.get_running_loop().call_soon(self._next)


async def test_only_one_text_is_processed_in_a_turn_of_the_loop() -> None:
    turns, loop_turns = TextTurns(), LoopTurns()
    used: Counter[int] = Counter()

    def work(text: str) -> str:
        used[loop_turns.number] += 1
        return text.upper()

    async def reply() -> None:
        for _ in range(PIECES):
            assert await turns.run(work, "a") == "A"

    await asyncio.gather(*(reply() for _ in range(REPLIES)))
    assert used.total() == REPLIES * PIECES
    assert max(used.values()) == 1


async def test_long_text_is_processed_in_one_thread_at_a_time() -> None:
    turns, go_on = TextTurns(), threading.Event()
    entered: list[int] = []

    def work(_: str) -> None:
        entered.append(threading.get_ident())
        go_on.wait()

    text = "a" * (LONG_CHARACTERS + 1)
    replies = [asyncio.create_task(turns.run(work, text)) for _ in range(REPLIES)]
    try:
        await eventually(lambda: bool(entered))
        # Threads begin their work in the order in which they get it.
        await asyncio.to_thread(lambda: None)
        assert len(entered) == 1
    finally:
        go_on.set()
        await asyncio.gather(*replies)
    assert len(entered) == REPLIES
    assert threading.get_ident() not in entered


async def test_short_text_stays_in_the_thread_of_the_loop() -> None:
    assert await TextTurns().run(lambda _: threading.get_ident(), "a") == threading.get_ident()
