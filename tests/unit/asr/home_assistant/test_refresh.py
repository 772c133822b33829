"""When names are read from Home Assistant, which ones are kept, and how reading stops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.fake_servers.fake_home_assistant import (
    AREAS,
    EXPOSURE,
    NAMES,
    REFRESH_S,
    access_to,
    home_assistant,
    owned,
    warnings,
)
from tests.support.fakes import WAIT_SECONDS, eventually
from wyoming_voice_stack.asr.home_assistant import HomeAssistantNames, KnownNames, refresh
from wyoming_voice_stack.asr.home_assistant.household_names import HomeRegistry, spoken_names


async def test_names_are_read_at_start_and_again_each_period() -> None:
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        assert await pauses.next() == REFRESH_S
        assert names.names == NAMES
        fake.household.areas[0]["name"] = "Pantry"
        assert await pauses.again() == REFRESH_S
        assert names.names == ("Pantry", *NAMES[1:])


async def test_names_are_made_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of entities take tenths of a second."""
    threads: list[int] = []

    def note(registry: HomeRegistry) -> tuple[str, ...]:
        threads.append(threading.get_ident())
        return spoken_names(registry)

    monkeypatch.setattr(refresh, "spoken_names", note)
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        await pauses.next()
        assert names.names == NAMES
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_how_much_is_known_and_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_voice_stack.asr.home_assistant.refresh.time.time", lambda: 1e9)
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        assert names.known == KnownNames()
        await pauses.next()
        assert (names.known.names, names.known.since) == (len(NAMES), 1e9)
        assert names.known.areas == len(fake.household.areas)
        assert 0 < names.known.entities < len(NAMES)


async def test_starting_waits_for_nothing() -> None:
    async with home_assistant() as fake:
        fake.silent_at = "connect"
        async with owned(fake) as (names, _):
            assert names.names == ()


async def test_starting_twice_is_one_task() -> None:
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        await names.start()
        await pauses.next()
        assert len(fake.tokens) == 1


@pytest.mark.parametrize("moment", ["connect", "auth", EXPOSURE, "subscribe_entities"])
async def test_stopping_in_the_middle_leaves_nothing(moment: str) -> None:
    async with home_assistant() as fake:
        fake.silent_at = moment
        async with owned(fake) as (names, _):
            await asyncio.wait_for(fake.held.wait(), WAIT_SECONDS)
            await names.stop()
            await names.stop()
        await eventually(lambda: fake.open == 0)


async def test_stopping_at_once_and_before_a_start() -> None:
    async with home_assistant() as fake:
        names = HomeAssistantNames(access_to(fake))
        await names.stop()
        await names.start()
        await names.stop()
        assert names.names == ()


async def test_an_old_release_causes_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with home_assistant() as fake:
        fake.missing = {AREAS, EXPOSURE}
        async with owned(fake) as (names, pauses):
            assert await pauses.next() == REFRESH_S
            assert "Reading lamp" in names.names
            assert not warnings(caplog)


async def test_a_bug_is_logged_and_stops_only_the_reading(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(seconds: float) -> None:
        raise RuntimeError("this is a bug")

    async with home_assistant() as fake:
        names = HomeAssistantNames(access_to(fake), pause=broken)
        await names.start()
        await eventually(lambda: bool(warnings(caplog)))
        assert warnings(caplog) == ["Names are no longer read from Home Assistant"]
        assert names.names == NAMES
        await names.stop()
