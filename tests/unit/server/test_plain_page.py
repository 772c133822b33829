"""The page without JavaScript, as the composition root builds it."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from tests.support.page_client import CountedPlaces
from tests.support.page_servers import tts_server
from tests.support.voice_files import speech, write


async def test_without_javascript(tmp_path: Path) -> None:
    places = CountedPlaces()
    write(tmp_path / "voices" / "<i>x.wav", speech())
    async with tts_server(tmp_path, places) as session:
        async with session.get("/ui/plain") as answer:
            html = await answer.text()
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        for shown in (
            "<dd>ready</dd>",
            "/v1</dd>",
            "<option>anna [de]</option>",
            "&lt;i&gt;x",
            'name="text"',
        ):
            assert shown in html
        assert 'name="key"' not in html
        assert "<i>" not in html
        form = {"text": "The light is on.", "voice": "bert"}
        async with session.post("/ui/plain/speech", data=form) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/wav")
            assert (await answer.read()).startswith(b"RIFF")
        assert places.entered == 1
        for wrong, code in (
            ({"text": " "}, "empty_text"),
            ({"text": "x" * 2001}, "text_too_long"),
            ({"text": "Hello.", "voice": "missing"}, "voice_not_found"),
        ):
            async with session.post("/ui/plain/speech", data=wrong) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (400, code)
        for site in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with session.post("/ui/plain/speech", data=form, headers=site) as answer:
                assert answer.status == 403


async def test_without_javascript_the_key_is_a_field(tmp_path: Path) -> None:
    async with tts_server(tmp_path, CountedPlaces(), api_key=SecretStr("a key")) as session:
        async with session.get("/ui/plain") as answer:
            assert 'type="password" name="key"' in await answer.text()
        form = {"text": "The light is on."}
        for key, status in ((None, 401), ("a kez", 401), ("a key", 200)):
            data = form | ({"key": key} if key else {})
            async with session.post("/ui/plain/speech", data=data) as answer:
                assert answer.status == status
