"""The link to the other server, for browsers that come by different ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.support.fakes import WAIT_SECONDS
from tests.support.page_client import INGRESS, STRANGER, page, page_facts
from wyoming_voice_stack.announce.other_server_search import FoundOther

HERE = FoundOther("asr", "192.168.1.5", 5001, "machine", has_page=True)
LOOPBACK = replace(HERE, host="127.0.0.1", reach="loopback")
SERVICE = replace(HERE, host="asr", port=9, reach="configured", published_port=5001)
NETWORK = replace(HERE, host="192.168.1.7", reach="network")
IN_LAN = STRANGER | {"Host": "voice.local:5002"}
PROXIED = {"Host": "voice.local", "X-Forwarded-For": "192.168.1.9"}


class Found:
    """What was found; counts the open pages."""

    def __init__(self, known: FoundOther | None) -> None:
        self.known = known
        self.watchers = 0
        self.left = asyncio.Event()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        self.watchers += 1
        try:
            yield
        finally:
            self.watchers -= 1
            self.left.set()


@pytest.mark.parametrize(
    ("known", "headers", "url"),
    [
        (HERE, IN_LAN, "http://voice.local:5001/ui/"),
        (HERE, STRANGER | {"Host": "[fd00::5]:5002"}, "http://[fd00::5]:5001/ui/"),
        (HERE, {}, "http://127.0.0.1:5001/ui/"),
        # A proxy passes on one port; Home Assistant's panel has an address of its own.
        (HERE, PROXIED, None),
        (HERE, INGRESS, None),
        (replace(HERE, has_page=False), IN_LAN, None),
        # It listens on the loopback address only.
        (LOOPBACK, IN_LAN, None),
        (LOOPBACK, {"Host": "localhost:5002"}, "http://localhost:5001/ui/"),
        (replace(HERE, host="b-voice-stack-asr", reach="container"), IN_LAN, None),
        (SERVICE, IN_LAN, "http://voice.local:5001/ui/"),
        (SERVICE, STRANGER | {"Host": "[fd00::5]:5002"}, "http://[fd00::5]:5001/ui/"),
        (SERVICE, PROXIED, None),
        (SERVICE, INGRESS, None),
        (replace(NETWORK, reach="configured"), PROXIED, "http://192.168.1.7:5001/ui/"),
        (NETWORK, IN_LAN, "http://192.168.1.7:5001/ui/"),
        (NETWORK, PROXIED, "http://192.168.1.7:5001/ui/"),
        (replace(NETWORK, host="fd00::7"), IN_LAN, "http://[fd00::7]:5001/ui/"),
    ],
)
async def test_the_link_leads_where_the_browser_can_go(
    known: FoundOther, headers: dict[str, str], url: str | None
) -> None:
    async with (
        page(facts=page_facts(other=Found(known))) as client,
        client.get("/ui/api/state", headers=headers) as answer,
    ):
        assert (await answer.json())["other"] == {"mode": "asr", "url": url}


async def test_it_is_looked_for_while_a_page_is_open() -> None:
    found = Found(None)
    async with page(facts=page_facts(other=found)) as client, asyncio.timeout(WAIT_SECONDS):
        async with client.get("/ui/api/state") as answer:
            assert (await answer.json())["other"] is None
        assert found.watchers == 0
        async with client.get("/ui/api/events") as answer:
            assert b'"other": null' in await answer.content.readuntil(b'"languages"')
            assert found.watchers == 1
            found.known = HERE
            # An open page is told when it is found.
            assert b'"mode": "asr"' in await answer.content.readuntil(b"5001/ui/")
        await found.left.wait()
    assert found.watchers == 0
