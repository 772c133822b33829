from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.unit.http.test_health import Service
from wyoming_voice_stack.errors import without_paths
from wyoming_voice_stack.http import request_guard
from wyoming_voice_stack.http.application import SERVER_NAME, make_runner
from wyoming_voice_stack.http.request_guard import is_local, own_namespace
from wyoming_voice_stack.metrics import Metrics


@pytest.fixture
async def url() -> AsyncIterator[str]:
    runner = make_runner(
        Service("ready"), Metrics(), allowed_hosts=("Voice.Example.org",), namespace="voice-stack"
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "192.168.1.5:5001"}, 200),
        ({"Host": "[fd00::1]:5001"}, 200),
        ({"Host": "homeassistant.local:5001"}, 200),
        ({"Host": "voice-stack-asr"}, 200),
        ({"Host": "asr.voice.svc.cluster.local"}, 200),
        ({"Host": "server.fritz.box:5001"}, 200),
        ({"Host": "server.localdomain"}, 200),
        ({"Host": "notfritz.box"}, 403),
        ({"Host": "LOCALHOST"}, 200),
        ({"Host": "voice.example.org."}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "asr.voice-stack:5001"}, 200),
        ({"Host": "asr.voice-stack", "Accept-Language": "de"}, 403),
        ({"Host": "asr.voice-stack", "Origin": "http://asr.voice-stack"}, 403),
        ({"Host": "a.b.voice-stack"}, 403),
        ({"Host": ".voice-stack"}, 403),
        ({"Host": "asr.other"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "[evil"}, 403),
        ({"Origin": "http://192.168.1.5:8123"}, 200),
        ({"Origin": "http://voice.example.org"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_foreign_names(url: str, headers: dict[str, str], status: int) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{url}/metrics", headers=headers) as answer,
    ):
        assert answer.status == status
        text = await answer.text()
    assert ("ALLOWED_HOSTS" in text) is (status == 403)


async def test_home_assistant_has_its_own_names(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_guard, "is_ingress", lambda _: True)
    headers = {"Host": "home.example.org", "Origin": "https://home.example.org"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/health", headers=headers) as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(("path", "status"), [("/ui", 404), ("/ui/x", 404), ("/uix", 403)])
async def test_the_page_has_rules_of_its_own(url: str, path: str, status: int) -> None:
    headers = {"Host": "evil.example"}
    async with aiohttp.ClientSession() as http, http.get(url + path, headers=headers) as answer:
        assert answer.status == status


async def test_programs_are_refused_in_json(url: str) -> None:
    headers = {"Host": "evil.example"}
    async with aiohttp.ClientSession() as http, http.get(f"{url}/v1/x", headers=headers) as answer:
        error = (await answer.json())["error"]
    assert error["code"] == "not_allowed"
    assert error["message"].startswith("Host 'evil.example' is not a name of this server;")


@pytest.mark.parametrize("request_text", [b"GET /health HTTP/1.1\r\n\r\n", b"NO\r\n\r\n"])
async def test_no_versions_are_told(url: str, request_text: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(request_text)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert f"Server: {SERVER_NAME}\r\n".encode() in head


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("search voice-stack.svc.cluster.local svc.cluster.local cluster.local", "voice-stack"),
        ("nameserver 10.0.0.1\nsearch lan dev.svc.k8s\noptions ndots:5\n", "dev"),
        ("search svc.cluster.local fritz.box\n", None),
        ("# search a.svc.b\nnameserver 10.0.0.1\n", None),
        ("", None),
    ],
)
def test_namespace(tmp_path: Path, text: str, expected: str | None) -> None:
    (tmp_path / "resolv.conf").write_text(text)
    assert own_namespace(tmp_path / "resolv.conf") == expected
    assert own_namespace(tmp_path / "missing") is None


@pytest.mark.parametrize("host", ["", None, "example.org", "999.1.2.3.4", "a.local.example"])
def test_not_local(host: str | None) -> None:
    assert not is_local(host)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'base' is not in /app/models/whisper.", "'base' is not in whisper."),
        ("cannot read /srv/a b", "cannot read a b"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("tts_models/multilingual/x", "tts_models/multilingual/x"),
        ("~/models/x: no such file", "x: no such file"),
        ("(/data/model.bin)", "(model.bin)"),
        ("1/2", "1/2"),
    ],
)
def test_paths_are_not_shown(text: str, expected: str) -> None:
    assert without_paths(text) == expected
