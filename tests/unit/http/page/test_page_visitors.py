"""Who may see the page and who may change something, over real requests."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace

import pytest
from aiohttp import web
from yarl import URL

from tests.support.fakes import WAIT_SECONDS
from tests.support.page_client import (
    CHANGE,
    FULL,
    INGRESS,
    KEY,
    STRANGER,
    error_of,
    page,
)
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor, VisitorRules

WITH_KEY = {"Authorization": f"Bearer {KEY}"}
READ = replace(FULL, web_ui="read")


class Changing:
    """A section with one change, and one private view."""

    def __init__(self) -> None:
        self.changes = 0

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute("POST", "api/thing", self._change, changes=True),
            PageRoute("GET", "api/thing", self._show, private=True),
        ]

    async def _change(self, request: web.Request, visitor: Visitor) -> web.Response:
        assert visitor.may_change
        self.changes += 1
        return web.json_response({"path": request.path})

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        assert visitor.may_change
        return web.json_response({"path": request.path})


@pytest.mark.parametrize(
    ("rules", "headers", "allowed"),
    [
        (FULL, {}, True),
        (FULL, INGRESS, True),
        (FULL, STRANGER | WITH_KEY, True),
        (FULL, STRANGER, False),
        (FULL, STRANGER | {"Authorization": "Bearer a long kez"}, False),
        (FULL, STRANGER | {"Authorization": KEY}, False),
        (replace(FULL, key=None), STRANGER | {"Authorization": "Bearer None"}, False),
        (replace(FULL, key=None), STRANGER | {"Authorization": "Bearer "}, False),
        # Another add-on, and a network that happens to have the address.
        (FULL, INGRESS | {"X-Test-Remote": "172.30.33.5"}, False),
        (FULL, {"X-Test-Remote": "172.30.32.2"}, False),
        # A proxy on this machine, for visitors from anywhere.
        (FULL, {"X-Forwarded-For": "203.0.113.7"}, False),
        (FULL, {"Forwarded": "for=203.0.113.7"}, False),
        (FULL, {"Via": "1.1 proxy"}, False),
        (FULL, {"X-Real-IP": "203.0.113.7"}, False),
        (FULL, {"X-Forwarded-Proto": "https"}, False),
        (FULL, {"CF-Connecting-IP": "203.0.113.7"}, False),
        (FULL, {"Host": "localhost:5002", "X-Forwarded-For": "203.0.113.7"}, False),
        # Home Assistant passes on such a header for its own user, and a proxy may ask with the key.
        (FULL, INGRESS | {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}, True),
        (FULL, {"X-Forwarded-For": "203.0.113.7"} | WITH_KEY, True),
        (FULL, {"Host": "voice.local"}, False),
        (FULL, {"Host": "localhost:5002"}, True),
        (FULL, {"Host": "[::1]:5002"}, True),
        (READ, {}, False),
        (READ, INGRESS, False),
        (READ, STRANGER | WITH_KEY, False),
    ],
)
async def test_who_may_change(
    rules: VisitorRules, headers: dict[str, str], *, allowed: bool
) -> None:
    section = Changing()
    async with page(section, rules=rules) as client:
        async with client.get("/ui/api/state", headers=headers) as answer:
            state = await answer.json()
            assert (state["can_change"], state["why_not"] == "") == (allowed, allowed)
        async with client.post("/ui/api/thing", headers=headers | CHANGE) as answer:
            if allowed:
                assert answer.status == 200
            else:
                assert await error_of(answer) == (403, "change_not_allowed")
        for path in ("thing", "log"):
            async with client.get(f"/ui/api/{path}", headers=headers) as answer:
                assert answer.status == (200 if allowed else 403)
        assert section.changes == allowed


async def test_a_key_that_is_no_text_is_a_wrong_key() -> None:
    async with page(rules=FULL) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        host = f"127.0.0.1:{client.port}".encode()
        writer.write(
            b"GET /ui/api/state HTTP/1.1\r\nHost: " + host + b"\r\nX-Forwarded-For: a\r\n"
            b"Authorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n"
        )
        answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"can_change": false' in answer


async def test_a_line_break_in_a_path_does_not_begin_a_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="wyoming_voice_stack")
    async with (
        page() as client,
        client.get(URL("/ui/api/a%0Db", encoded=True)) as answer,
    ):
        assert answer.status == 404
    assert any("/ui/api/a%0Db" in line for line in caplog.messages)
    assert not any("\r" in line for line in caplog.messages)


async def test_ingress_is_believed_only_by_addons() -> None:
    async with (
        page(is_addon=False) as client,
        client.get("/ui/api/state", headers=INGRESS) as answer,
    ):
        assert not (await answer.json())["can_change"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Voice-Stack": "0"},
        CHANGE | {"Origin": "http://evil.example"},
        CHANGE | {"Origin": "null"},
        CHANGE | {"Origin": "http://127.0.0.1:1"},
        CHANGE | {"Sec-Fetch-Site": "cross-site"},
        CHANGE | {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_changes_nothing(headers: dict[str, str]) -> None:
    section = Changing()
    async with page(section) as client:
        async with client.post("/ui/api/thing", headers=headers) as answer:
            assert await error_of(answer) == (403, "change_not_allowed")
        # A form of another site has no header, whatever its body is.
        async with client.post("/ui/api/thing", data={"a": "b"}) as answer:
            assert answer.status == 403
        assert section.changes == 0


async def test_the_page_itself_changes_things() -> None:
    section = Changing()
    async with page(section) as client:
        own = CHANGE | {
            "Origin": f"http://{client.host}:{client.port}",
            "Sec-Fetch-Site": "same-origin",
        }
        async with client.post("/ui/api/thing", headers=own) as answer:
            assert answer.status == 200
    assert section.changes == 1


@pytest.mark.parametrize("path", ["/ui/", "/ui/app.js", "/ui/api/state", "/ui/api/events"])
async def test_a_foreign_host_sees_nothing(path: str) -> None:
    async with page() as client:
        async with client.get(path, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
            text = await answer.text()
            assert "ALLOWED_HOSTS" in text
            assert "Page" not in text
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        # Home Assistant's own name, which this server does not know.
        async with client.get(path, headers=INGRESS | {"Host": "home.example.org"}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["192.168.1.2:5002", "voice", "voice.local", "voice.example.org", "[fd00::1]:5002"]
)
async def test_own_names_are_served(host: str) -> None:
    async with (
        page() as client,
        client.get("/ui/", headers=STRANGER | {"Host": host}) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(("version", "may_change"), [("1.0", False), ("1.1", True)])
async def test_a_proxy_that_tells_nothing_speaks_an_old_http(
    version: str, *, may_change: bool
) -> None:
    async with page() as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"GET /ui/api/state HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        writer.close()
        await writer.wait_closed()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["can_change"] is may_change


@pytest.mark.parametrize(
    ("path", "status"), [("api/state", 403), ("api/events", 403), ("", 200), ("plain", 200)]
)
async def test_other_sites_may_link_to_the_page_and_ask_nothing(path: str, status: int) -> None:
    async with page() as client:
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with client.get(f"/ui/{path}", headers=headers) as answer:
                assert answer.status == status
                assert "Access-Control-Allow-Origin" not in answer.headers
