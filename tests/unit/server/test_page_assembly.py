"""The page as the composition root builds it, behind the real HTTP application."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.fake_servers.fake_home_assistant import NAMES, home_assistant, owned
from tests.support.fakes import WAIT_SECONDS, FakeSynthesizer
from tests.support.page_client import CHANGE, CountedPlaces
from tests.support.page_servers import asr_server, tts_server
from tests.support.tts_client import serving
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.api.uploads import upload_budget_bytes
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.allowed_clients import is_allowed
from wyoming_voice_stack.server.app import allowed_clients
from wyoming_voice_stack.server.assembly import http
from wyoming_voice_stack.server.assembly.http import HttpSide
from wyoming_voice_stack.server.assembly.page import shown_settings

BROWSER = {"Accept": "text/html,*/*;q=0.8"}


SECRETS: dict[str, Any] = {
    "api_key": "do-not-show-1",
    "hass_token": "do-not-show-2",
    "supervisor_token": "do-not-show-3",
}


NOTHING_EARLY = """
import sys
from wyoming_voice_stack.server.assembly import assemble
from wyoming_voice_stack.server.app import allowed_clients
from wyoming_voice_stack.server.assembly.http import HttpSide
early = [name for name in sys.modules if "http.page" in name or "http.api" in name]
assert not early, early
"""


async def test_the_root_leads_to_the_page(tmp_path: Path) -> None:
    async with tts_server(tmp_path, CountedPlaces()) as session:
        for path in ("/", "/ui"):
            for headers in (BROWSER, {"Accept": "*/*"}):
                async with session.get(path, headers=headers, allow_redirects=False) as answer:
                    assert (answer.status, answer.headers["Location"]) == (302, "ui/")
        async with session.get("/ui/api/state", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        async with session.get("/health", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403


async def test_uploads_share_a_part_of_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "available_memory_bytes", lambda: 4 * 1024**3)
    async with serving(FakeSynthesizer(), tmp_path) as service:
        settings = Settings(service_mode="tts", models_dir=tmp_path, max_upload_mb=5)
        store = ModelStore(tmp_path, offline=True)
        side = HttpSide(settings, Metrics(), service, store, tts=service)
        whole = upload_budget_bytes(4 * 1024**3, side.max_upload_bytes)
        assert side.uploads._limit_bytes == whole
        assert side.uploads is side.uploads


async def test_the_page_can_be_off(tmp_path: Path) -> None:
    async with tts_server(tmp_path, CountedPlaces(), web_ui="off") as session:
        for path in ("/", "/ui", "/ui/", "/ui/api/state"):
            async with session.get(path, headers=BROWSER, allow_redirects=False) as answer:
                assert answer.status == 404


async def test_everything_of_a_text_to_speech_server(tmp_path: Path) -> None:
    places = CountedPlaces()
    async with tts_server(tmp_path, places, web_ui="full") as session:
        for path in ("state", "voices", "models", "figures", "log"):
            async with session.get(f"/ui/api/{path}") as answer:
                assert answer.status == 200, path
        async with session.get("/ui/api/names") as answer:
            assert answer.status == 404
        assert places.entered == 0
        async with session.put(
            "/ui/api/aliases", json={"aliases": {"alloy": "bert"}}, headers=CHANGE
        ) as answer:
            assert answer.status == 200
        assert places.entered == 1
        async with session.get("/ui/api/events") as answer:
            await answer.content.readuntil(b"event: state")
        assert places.kept


async def test_everything_of_a_speech_to_text_server(tmp_path: Path) -> None:
    async with (
        home_assistant() as home,
        owned(home) as (names, pauses),
        asr_server(tmp_path, names) as session,
    ):
        await pauses.next()
        for path in ("models", "figures", "log"):
            async with session.get(f"/ui/api/{path}") as answer:
                assert answer.status == 200, path
        async with session.get("/ui/api/state") as answer:
            state = await answer.json()
        assert (state["mode"], state["languages"]) == ("asr", ["de", "en", "jv"])
        assert state["streams_text"]
        async with session.get("/ui/api/names") as answer:
            known = await answer.json()
        assert (known["configured"], known["names"]) == (True, len(NAMES))
        # Their number only.
        assert not any(name in str(known) for name in NAMES)
        async with session.get("/ui/api/voices") as answer:
            assert answer.status == 404
        async with session.get("/ui/plain") as answer:
            assert 'action="../v1/audio/transcriptions"' in await answer.text()


async def test_without_home_assistant_there_are_no_names(tmp_path: Path) -> None:
    async with (
        asr_server(tmp_path, None) as session,
        session.get("/ui/api/names") as answer,
    ):
        assert await answer.json() == {
            "configured": False,
            "areas": 0,
            "entities": 0,
            "names": 0,
            "since": None,
        }


@pytest.mark.parametrize("setting", ["tts_port", "other_server"])
async def test_a_sentence_is_said_by_the_other_server(tmp_path: Path, setting: str) -> None:
    async with tts_server(tmp_path / "tts", CountedPlaces()) as tts:
        port = tts._base_url.port if tts._base_url else 0
        place = {"tts_port": port, "other_server": f"localhost:{port}"}[setting]
        async with (
            asr_server(tmp_path, None, host="127.0.0.1", **{setting: place}) as asr,
            asyncio.timeout(WAIT_SECONDS),
        ):
            # Nobody looks at the page yet.
            async with asr.post("/ui/api/sample", json={"text": "Hello."}) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (
                    404,
                    "no_other_server",
                )
            found: Any = None
            async with asr.get("/ui/api/events") as events:
                while found is None:
                    line = await events.content.readline()
                    if line.startswith(b'data: {"name"'):
                        found = json.loads(line.removeprefix(b"data: "))["other"]
            assert found == {"mode": "tts", "url": f"http://127.0.0.1:{port}/ui/"}
            async with asr.post("/ui/api/sample", json={"text": "The light is on."}) as answer:
                assert (answer.status, answer.content_type) == (200, "audio/wav")
                with wave.open(io.BytesIO(await answer.read())) as file:
                    assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
                    assert any(file.readframes(file.getnframes()))


@pytest.mark.parametrize(("by_ingress", "status"), [(True, 200), (False, 403)])
async def test_home_assistant_has_checked_its_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_ingress: bool, status: int
) -> None:
    monkeypatch.setattr("wyoming_voice_stack.http.ingress.INGRESS_ADDRESS", "127.0.0.1")
    headers = {"Host": "home.example.org", "Origin": "https://home.example.org"}
    if by_ingress:
        headers["X-Ingress-Path"] = "/api/hassio_ingress/token"
    async with tts_server(tmp_path, CountedPlaces(), api_key=SecretStr("a key")) as session:
        speech_request = {"input": "The light is on.", "response_format": "wav"}
        async with session.post("/v1/audio/speech", json=speech_request, headers=headers) as answer:
            assert answer.status == status
        async with session.get("/health", headers=headers) as answer:
            assert answer.status == status
        # Everyone else needs the key.
        async with session.post("/v1/audio/speech", json=speech_request) as answer:
            assert answer.status == 401


def test_the_report_has_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_VOICES", "alloy=anna [de],nova=bert")
    shown = shown_settings(Settings(service_mode="tts", models_dir=tmp_path, **SECRETS))
    assert not any("do-not-show" in value for value in shown.values())
    assert not {name.upper() for name in SECRETS} & shown.keys()
    assert shown["SERVICE_MODE"] == "tts"
    assert shown["API_VOICES"] == "alloy=anna [de], nova=bert"
    assert shown["TTS_VOICE"] == ""


def test_nothing_of_the_page_is_imported_before_it_is_asked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_EARLY], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("allowed", "addon", "ingress"),
    [("192.168.1.0/24", True, True), ("192.168.1.0/24", False, False), ("any", True, True)],
)
def test_an_addon_always_lets_ingress_in(
    monkeypatch: pytest.MonkeyPatch, allowed: str, *, addon: bool, ingress: bool
) -> None:
    monkeypatch.setenv("ALLOWED_CLIENTS", allowed)
    token = SecretStr("token") if addon else None
    settings = Settings(service_mode="tts", supervisor_token=token)
    assert is_allowed(("172.30.32.2", 5002), allowed_clients(settings)) is ingress
    assert is_allowed(("172.30.33.5", 5002), allowed_clients(settings)) is (allowed == "any")
