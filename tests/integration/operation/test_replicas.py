"""Replicas behind HAProxy, with the configuration of deploy/haproxy."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from wyoming.event import Event

from tests.support.fakes import eventually
from tests.support.integration.client import SENTENCE, metric, utterance, words
from tests.support.integration.replicas import ADDRESSES, Front, haproxy, three_replicas
from tests.support.integration.servers import STOP_SECONDS, Server
from tests.support.peers import Peer, peer


@pytest.fixture(autouse=True)
def haproxy_is_installed() -> None:
    haproxy()


async def held(front: Front, stack: AsyncExitStack) -> Peer:
    """A connection that a replica has accepted and keeps open."""
    client = await stack.enter_async_context(peer(front.port))
    await client.send(Event("ping"))
    await client.until("pong")
    return client


async def speaking(front: Front, stack: AsyncExitStack) -> Peer:
    """A connection in the middle of an utterance."""
    client = await held(front, stack)
    beginning, *_ = utterance()
    await client.send(beginning, Event("ping"))
    await client.until("pong")
    return client


async def text(client: Peer) -> str | None:
    """End the utterance; give its text, or None if the connection is cut."""
    _, *rest = utterance()
    try:
        await client.send(*rest)
        *_, last = [None, *await client.until("transcript")]
    except ConnectionError:
        return None
    return last.data["text"] if last is not None and last.type == "transcript" else None


def connections(replica: Server) -> int:
    return int(metric(replica, "voice_stack_connections"))


async def test_spread_by_least_connections(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as front, AsyncExitStack() as stack:
        by_replica: dict[int, list[Peer]] = {0: [], 1: [], 2: []}
        before = [0, 0, 0]
        for _ in range(6):
            client = await held(front, stack)
            after = [connections(replica) for replica in front.replicas]
            [taken_by] = [index for index in range(3) if after[index] > before[index]]
            by_replica[taken_by].append(client)
            before = after
        assert before == [2, 2, 2]
        # The replica whose connections end gets the next ones; with round robin, each would get one.
        for client in by_replica[1]:
            await client.close()
        await eventually(lambda: connections(front.replicas[1]) == 0)
        for _ in range(2):
            await held(front, stack)
        assert [connections(replica) for replica in front.replicas] == [2, 2, 2]


async def test_a_replica_that_dies_takes_only_its_own_requests_along(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as front, AsyncExitStack() as stack:
        clients = [await speaking(front, stack) for _ in range(6)]
        dying = front.replicas[1]
        assert connections(dying) == 2
        assert await asyncio.to_thread(dying.stop, signal.SIGKILL) == -signal.SIGKILL
        # The next connection succeeds before any health check has seen that one is gone.
        again = [await speaking(front, stack) for _ in range(3)]
        texts = await asyncio.gather(*map(text, [*clients, *again]))
        assert texts[:6].count(None) == 2
        assert None not in texts[6:]
        assert all(words(heard) == words(SENTENCE) for heard in texts if heard is not None)
        await eventually(lambda: front.up() == {ADDRESSES[0], ADDRESSES[2]})


async def test_a_rollout_loses_no_request(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as front, AsyncExitStack() as stack:
        clients = [await speaking(front, stack) for _ in range(6)]
        leaving = front.replicas[1]
        assert connections(leaving) == 2
        leaving.process.send_signal(signal.SIGTERM)
        await eventually(lambda: "stopping" in leaving.log)
        later = [await speaking(front, stack) for _ in range(3)]
        # It gets no new connections, and its running requests continue.
        await eventually(lambda: front.up() == {ADDRESSES[0], ADDRESSES[2]})
        texts = await asyncio.gather(*map(text, [*clients, *later]))
        assert all(heard is not None and words(heard) == words(SENTENCE) for heard in texts), texts
        assert await asyncio.to_thread(leaving.process.wait, STOP_SECONDS) == 0
        leaving.stopped = True
