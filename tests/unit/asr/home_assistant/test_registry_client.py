"""Failures of Home Assistant: what is logged, which names are kept, and when the next read is due."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

from tests.support.fake_servers.fake_home_assistant import (
    AREAS,
    EXPOSURE,
    FLOORS,
    NAMES,
    REFRESH_S,
    TOKEN,
    FakeHomeAssistant,
    access_to,
    home_assistant,
    owned,
    warnings,
)
from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.asr.home_assistant import home_assistant_access, registry_client
from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantUnavailable
from wyoming_voice_stack.asr.home_assistant.refresh import FIRST_RETRY_S
from wyoming_voice_stack.asr.home_assistant.registry_client import (
    MAX_INLINE_CHARACTERS,
    MAX_MESSAGE_BYTES,
    read_registry,
)


def silent(fake: FakeHomeAssistant) -> None:
    fake.silent_at = FLOORS


def dropping(fake: FakeHomeAssistant) -> None:
    fake.drop_at = EXPOSURE


def dropping_at_once(fake: FakeHomeAssistant) -> None:
    fake.drop_at = "connect"


def huge(fake: FakeHomeAssistant) -> None:
    fake.raw = {AREAS: json.dumps("x" * (MAX_MESSAGE_BYTES + 1))}


def garbage(fake: FakeHomeAssistant) -> None:
    fake.raw = {AREAS: "{oops"}


def large_garbage(fake: FakeHomeAssistant) -> None:
    fake.raw = {AREAS: "[" * (2 * MAX_INLINE_CHARACTERS)}


def no_object(fake: FakeHomeAssistant) -> None:
    fake.raw = {AREAS: "[1, 2]"}


def binary(fake: FakeHomeAssistant) -> None:
    fake.raw = {AREAS: b"{}"}


def another_server(fake: FakeHomeAssistant) -> None:
    fake.raw = {"connect": '{"type": "welcome"}'}


def odd_answer_to_the_token(fake: FakeHomeAssistant) -> None:
    fake.raw = {"auth": '{"type": "event"}'}


def odd_list(fake: FakeHomeAssistant) -> None:
    fake.household.areas = "areas"  # type: ignore[assignment]


def odd_exposure(fake: FakeHomeAssistant) -> None:
    fake.household.exposed = []  # type: ignore[assignment]


def starting_up(fake: FakeHomeAssistant) -> None:
    fake.status = 502


def moved(fake: FakeHomeAssistant) -> None:
    fake.location = "/elsewhere/api/websocket"


FAILURES = [
    (silent, "did not answer in time"),
    (dropping, "closed the connection early"),
    (dropping_at_once, "closed the connection early"),
    (huge, f"more than {MAX_MESSAGE_BYTES} bytes"),
    (garbage, "invalid JSON"),
    (large_garbage, "invalid JSON"),
    (no_object, "JSON that is not an object"),
    (binary, "a message that is not text"),
    (another_server, "does not ask for authentication"),
    (odd_answer_to_the_token, "neither accepted nor rejected"),
    (odd_list, "str instead of a list"),
    (odd_exposure, "list instead of a list or an object"),
    (starting_up, "HTTP status 502"),
    (moved, "redirects to '/elsewhere/api/websocket'"),
]


@pytest.mark.parametrize(("spoil", "logged"), FAILURES)
async def test_a_failure_keeps_the_last_names_and_is_logged_once(
    caplog: pytest.LogCaptureFixture, spoil: Any, logged: str
) -> None:
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        await pauses.next()
        spoil(fake)
        # Only where waiting is what is tested may the wait be short.
        names._timeout_s = 0.2 if spoil is silent else WAIT_SECONDS
        assert await pauses.again() == FIRST_RETRY_S
        assert await pauses.again() == 2 * FIRST_RETRY_S
        assert names.names == NAMES
        (message,) = warnings(caplog)
        assert logged in message
        assert f"ws://127.0.0.1:{fake.port}/api/websocket" in message
        assert "\n" not in message
        names._timeout_s = WAIT_SECONDS
        fake.heal()
        fake.household.areas[0]["name"] = "Pantry"
        assert await pauses.again() == REFRESH_S
        assert names.names == ("Pantry", *NAMES[1:])
        assert len(warnings(caplog)) == 1


async def test_home_assistant_goes_away_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        await pauses.next()
        await fake.stop()
        waits = [await pauses.again() for _ in range(7)]
        assert waits == [5, 10, 20, 40, 80, REFRESH_S, REFRESH_S]
        assert names.names == NAMES
        (message,) = warnings(caplog)
        assert "cannot be reached" in message
        await fake.start()
        fake.household.areas[0]["name"] = "Pantry"
        assert await pauses.again() == REFRESH_S
        assert "Pantry" in names.names
        await fake.stop()
        assert await pauses.again() == FIRST_RETRY_S
        assert len(warnings(caplog)) == 2


async def test_each_kind_of_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with home_assistant() as fake:
        fake.status = 502
        async with owned(fake) as (_, pauses):
            await pauses.next()
            fake.status, fake.drop_at = 101, AREAS
            await pauses.again()
            fake.status = 502
            await pauses.again()
            assert len(warnings(caplog)) == 2


async def test_a_wrong_token_is_logged_and_rarely_retried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with home_assistant() as fake, owned(fake, token="wrong-key") as (names, pauses):
        assert await pauses.next() == REFRESH_S
        assert await pauses.again() == REFRESH_S
        assert names.names == ()
        (message,) = warnings(caplog)
        assert "rejected the token" in message
        assert "HASS_TOKEN" in message
        assert not fake.commands
        assert "wrong-key" not in caplog.text


async def test_a_missing_administrator_is_logged_once_and_names_are_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with home_assistant() as fake:
        fake.admin = False
        async with owned(fake) as (names, pauses):
            assert await pauses.next() == REFRESH_S
            assert await pauses.again() == REFRESH_S
            assert "Reading lamp" in names.names
            (message,) = warnings(caplog)
            assert "administrator" in message


async def test_a_failed_command_is_logged_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with home_assistant() as fake:
        fake.errors = {FLOORS: "unknown_error"}
        async with owned(fake) as (names, pauses):
            await pauses.next()
            await pauses.again()
            assert names.names == NAMES[:-2]
            (message,) = warnings(caplog)
            assert f"{FLOORS} failed with 'unknown_error'" in message


async def test_neither_token_nor_names_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with home_assistant() as fake, owned(fake) as (names, pauses):
        for spoil in (lambda _: None, garbage, moved, starting_up):
            spoil(fake)
            await (pauses.next() if not names.names else pauses.again())
        await fake.stop()
        await pauses.again()
        ours = [r for r in caplog.records if r.name.startswith("wyoming_voice_stack")]
        assert len(ours) >= 4
        said = " ".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
        assert TOKEN not in caplog.text
        assert TOKEN not in repr(access_to(fake))
        assert not [name for name in NAMES if name in said]


async def test_a_redirect_is_not_followed() -> None:
    async with home_assistant() as fake:
        moved(fake)
        with pytest.raises(HomeAssistantUnavailable, match="redirects to"):
            await read_registry(access_to(fake))
        assert not fake.tokens


async def test_encryption_that_the_other_side_does_not_speak() -> None:
    async with home_assistant() as fake:
        access = home_assistant_access(
            url=f"https://127.0.0.1:{fake.port}", token=TOKEN, supervisor_token=None
        )
        assert access is not None
        with pytest.raises(HomeAssistantUnavailable, match="start HASS_URL with http"):
            await read_registry(access)
        assert not fake.tokens


@pytest.mark.parametrize("old", [False, True])
async def test_the_event_loop_does_not_read_long_lists(
    old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 entities take a tenth of a second."""
    readings: list[tuple[str, int]] = []

    def noted(name: str) -> None:
        function = getattr(registry_client, name)

        def note(answer: Any) -> Any:
            readings.append((name, threading.get_ident()))
            return function(answer)

        monkeypatch.setattr(registry_client, name, note)

    readers = ("places", "friendly_names", "spoken_ids") if old else ("exposed_ids", "added_names")
    for name in readers:
        noted(name)
    async with home_assistant() as fake:
        if old:
            fake.missing = {EXPOSURE}
        await read_registry(access_to(fake))
    assert {name for name, _ in readings} == set(readers)
    assert threading.get_ident() not in {thread for _, thread in readings}
