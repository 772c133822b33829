from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.support.fake_servers.fake_home_assistant import Pauses
from tests.support.fake_servers.fake_supervisor import TOKEN, FakeSupervisor, supervisor
from tests.support.fakes import eventually
from wyoming_voice_stack.announce import supervisor as module
from wyoming_voice_stack.announce.supervisor import (
    FIRST_RETRY_S,
    LANGUAGE_TRIES,
    MAX_RETRY_S,
    MAX_TRIES,
    READY_POLL_S,
    Supervisor,
    SupervisorAnnouncer,
    home_language,
)

URI = "tcp://a0d7b954-voice-stack-asr:5001"


class Server:
    ready = True


@asynccontextmanager
async def announcing(
    where: Supervisor, *, ready: bool = True
) -> AsyncIterator[tuple[SupervisorAnnouncer, Server, Pauses]]:
    server, pauses = Server(), Pauses()
    server.ready = ready
    announcer = SupervisorAnnouncer(where, uri=URI, is_ready=lambda: server.ready, pause=pauses)
    await announcer.start()
    try:
        yield announcer, server, pauses
    finally:
        await announcer.stop()


def known(fake: FakeSupervisor, token: str = TOKEN) -> Supervisor:
    return Supervisor(fake.url, token)


class TestAnnouncing:
    async def test_where_the_server_is(self) -> None:
        async with supervisor() as fake, announcing(known(fake)):
            await eventually(lambda: bool(fake.messages))
            [message] = fake.messages.values()
            assert message == {"service": "wyoming", "config": {"uri": URI}}

    async def test_only_once_it_is_ready(self) -> None:
        async with (
            supervisor() as fake,
            announcing(known(fake), ready=False) as (_, server, pauses),
        ):
            assert await pauses.next() == READY_POLL_S
            assert await pauses.again() == READY_POLL_S
            assert fake.calls == []
            server.ready = True
            pauses.end()
            await eventually(lambda: fake.of("POST") == ["/discovery"])

    async def test_nothing_is_taken_back_and_a_restart_is_the_same_message(self) -> None:
        async with supervisor() as fake:
            for _ in range(2):
                async with announcing(known(fake)) as (announcer, *_):
                    await eventually(lambda: bool(fake.messages))
                    await announcer.start()
                    await announcer.stop()
            assert len(fake.messages) == 1
            assert set(fake.of("DELETE")) == set()

    async def test_a_supervisor_that_is_away_is_asked_again(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def prepare(fake: FakeSupervisor) -> None:
            not_ready = {"result": "error", "message": "System is not ready with state: startup"}
            fake.answers = [
                web.Response(status=502),
                web.json_response(not_ready, status=400),
                None,
            ]

        async with supervisor(prepare) as fake, announcing(known(fake)) as (_, _, pauses):
            assert await pauses.next() == FIRST_RETRY_S
            assert await pauses.again() == 2 * FIRST_RETRY_S
            pauses.end()
            await eventually(lambda: bool(fake.messages))
        assert "HTTP status 502" in caplog.text
        assert "not ready with state" in caplog.text

    async def test_it_is_asked_only_so_often(self, caplog: pytest.LogCaptureFixture) -> None:
        nobody = Supervisor("http://127.0.0.1:9", TOKEN)
        async with announcing(nobody) as (announcer, _, pauses):
            waits = [await pauses.next()]
            while len(waits) < MAX_TRIES - 1:
                waits.append(await pauses.again())
            pauses.end()
            await eventually(lambda: "by hand" in caplog.text)
            await eventually(lambda: not announcer._task.running)
        assert waits == sorted(waits)
        assert max(waits) == MAX_RETRY_S
        assert "a0d7b954-voice-stack-asr:5001" in caplog.text
        assert TOKEN not in caplog.text

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refusal_is_final(self, caplog: pytest.LogCaptureFixture, status: int) -> None:
        def prepare(fake: FakeSupervisor) -> None:
            message = {"result": "error", "message": "Add-ons must list services"}
            fake.answers = [web.json_response(message, status=status)]

        async with supervisor(prepare) as fake, announcing(known(fake)):
            await eventually(lambda: "by hand" in caplog.text)
            assert len(fake.calls) == 1
        assert "Add-ons must list services" in caplog.text

    async def test_the_token_is_not_told_elsewhere(self, caplog: pytest.LogCaptureFixture) -> None:
        async with supervisor() as other:

            def prepare(fake: FakeSupervisor) -> None:
                fake.answers = [web.Response(status=307, headers={"Location": other.url})]

            async with supervisor(prepare) as fake, announcing(known(fake)) as (_, _, pauses):
                await pauses.next()
            assert other.calls == []
        assert "HTTP status 307" in caplog.text

    async def test_may_be_stopped_at_any_time(self) -> None:
        async with supervisor() as fake:
            async with announcing(known(fake), ready=False) as (announcer, *_):
                await announcer.stop()
                await announcer.stop()
            assert fake.calls == []


class TestLanguage:
    @pytest.mark.parametrize(("told", "language"), [("de", "de"), ("pt-BR", "pt-BR"), (7, None)])
    async def test_is_that_of_home_assistant(self, told: object, language: str | None) -> None:
        async with supervisor() as fake:
            fake.language = told
            assert await home_language(known(fake)) == language
            assert fake.calls == [("GET", "/core/api/config")]

    async def test_home_assistant_may_still_start(self) -> None:
        async with supervisor() as fake:
            fake.answers = [web.Response(status=502), None]
            pauses = Pauses()
            asking = asyncio.create_task(home_language(known(fake), pause=pauses))
            assert await pauses.next() == FIRST_RETRY_S
            pauses.end()
            assert await asking == "de"

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (web.Response(status=401), "401"),
            (web.Response(text="<html>"), "not a JSON object"),
            (web.Response(text="[]"), "not a JSON object"),
            (web.Response(body=b" " * (module.MAX_ANSWER_BYTES + 1)), "longer than"),
        ],
        ids=["refused", "a page", "a list", "too long"],
    )
    async def test_what_cannot_be_read(
        self, caplog: pytest.LogCaptureFixture, answer: web.Response, told: str
    ) -> None:
        async with supervisor() as fake:
            fake.answers = [answer]
            assert await home_language(known(fake)) is None
            assert len(fake.calls) == 1
        [warning] = [each for each in caplog.records if each.levelno == logging.WARNING]
        assert told in warning.getMessage()

    async def test_is_no_tag_if_it_is_too_long(self) -> None:
        async with supervisor() as fake:
            fake.answers = [web.json_response({"language": "d" * 36})]
            assert await home_language(known(fake)) is None

    async def test_is_asked_for_only_so_often(self, caplog: pytest.LogCaptureFixture) -> None:
        waits: list[float] = []

        async def pause(seconds: float) -> None:
            waits.append(seconds)

        nobody = Supervisor("http://127.0.0.1:9", TOKEN)
        assert await home_language(nobody, pause=pause) is None
        assert len(waits) == LANGUAGE_TRIES - 1
        assert "language of Home Assistant cannot be read" in caplog.text
