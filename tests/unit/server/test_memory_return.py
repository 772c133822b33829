from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.peers import EchoService, listening, peer
from wyoming_voice_stack.machine.memory import return_received_memory
from wyoming_voice_stack.server import listener as listener_module
from wyoming_voice_stack.server import memory_return
from wyoming_voice_stack.server.memory_return import LATE_BYTES, RECEIVED_BYTES, MemoryReturn


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(memory_return, "DELAY_SECONDS", 0.0)
    return []


async def test_once_for_all_that_ended(returned: list[int]) -> None:
    memory = MemoryReturn(lambda: returned.append(1))
    memory.connection_ended(RECEIVED_BYTES - 1)
    await asyncio.sleep(0)
    assert memory._timer is None
    for _ in range(3):
        memory.connection_ended(1)
    await eventually(lambda: bool(returned))
    assert returned == [1]
    memory.connection_ended(RECEIVED_BYTES - 1)
    assert memory._timer is None


async def test_again_for_connections_that_ended_meanwhile(returned: list[int]) -> None:
    memory = MemoryReturn(lambda: returned.append(1))
    memory.connection_ended(RECEIVED_BYTES)
    memory.connection_ended(LATE_BYTES)
    await eventually(lambda: len(returned) == 2)
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(returned) == 2
    assert memory._timer is None


async def test_not_again_for_a_small_request_meanwhile(returned: list[int]) -> None:
    memory = MemoryReturn(lambda: returned.append(1))
    memory.connection_ended(RECEIVED_BYTES)
    memory.connection_ended(LATE_BYTES - 1)
    await eventually(lambda: bool(returned))
    assert memory._timer is None


async def test_not_after_the_end(returned: list[int]) -> None:
    memory = MemoryReturn(lambda: returned.append(1))
    memory.connection_ended(RECEIVED_BYTES)
    await memory.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not returned


async def test_the_end_waits_for_the_thread(returned: list[int]) -> None:
    may_end = threading.Event()

    def return_memory() -> None:
        may_end.wait(WAIT_SECONDS)
        returned.append(1)

    memory = MemoryReturn(return_memory)
    memory.connection_ended(RECEIVED_BYTES)
    await eventually(lambda: memory._returning is not None)
    closing = asyncio.create_task(memory.close())
    await asyncio.sleep(0)
    assert not closing.done()
    may_end.set()
    await closing
    assert returned == [1]


async def test_the_end_does_not_wait_for_ever(
    returned: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_return, "MAX_CLOSE_SECONDS", 0.0)
    may_end = threading.Event()
    memory = MemoryReturn(lambda: returned.append(may_end.wait(WAIT_SECONDS)))
    memory.connection_ended(RECEIVED_BYTES)
    await eventually(lambda: memory._returning is not None)
    await memory.close()
    assert not returned
    may_end.set()
    await eventually(lambda: returned == [True])


async def test_one_thread_at_a_time(returned: list[int]) -> None:
    may_end = threading.Event()

    def return_memory() -> None:
        returned.append(1)
        may_end.wait(WAIT_SECONDS)

    memory = MemoryReturn(return_memory)
    memory.connection_ended(RECEIVED_BYTES)
    await eventually(lambda: bool(returned))
    memory.connection_ended(RECEIVED_BYTES)
    for _ in range(5):
        await asyncio.sleep(0)
    assert returned == [1]
    assert memory._timer is not None
    may_end.set()
    await eventually(lambda: returned == [1, 1])
    await memory.close()


async def test_an_error_is_logged_once(
    returned: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    def return_memory() -> None:
        returned.append(1)
        raise OSError("no such call")

    memory = MemoryReturn(return_memory)
    for times in (1, 2):
        memory.connection_ended(RECEIVED_BYTES)
        await eventually(lambda: len(returned) == times and memory._returning is None)  # noqa: B023
    assert len(caplog.records) == 1
    assert "not returned" in caplog.text
    assert "no such call" in caplog.text


def test_old_objects_are_not_traversed(monkeypatch: pytest.MonkeyPatch) -> None:
    generations: list[int] = []
    monkeypatch.setattr(gc, "collect", generations.append)
    return_received_memory()
    assert generations == [1]


async def test_after_a_connection_that_sent_much(
    returned: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        listener_module, "MemoryReturn", lambda: MemoryReturn(lambda: returned.append(1))
    )
    async with listening(EchoService()) as listener:
        async with peer(listener.port) as client:
            for _ in range(9):
                await client.send_raw(b'{"type": "t", "payload_length": 1000000}\n' + bytes(10**6))
                await client.next()
        await eventually(lambda: bool(returned))
