"""Voices through the page, with a real voices folder and a fake engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from yarl import URL

from tests.support.fakes import FAKE_CARD, FakeSynthesizer
from tests.support.page_client import CHANGE, STRANGER, error_of, page
from tests.support.tts_client import serving
from tests.support.voice_files import RATE, speech, write
from tests.support.voice_uploads import add, files, listed, recording, voice_routes, voices
from wyoming_voice_stack.tts.voices.alias_file import ALIAS_FILE, AliasFile
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

TRICKS = [
    "../secret",
    "..",
    ".hidden",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "",
    "   ",
    "x" * 61,
    "\u202eevil",
    "-rf",
]
"""Names that must never become paths."""


async def test_a_recording_becomes_a_voice_at_once(tmp_path: Path) -> None:
    async with voices(tmp_path) as (client, service):
        answer = await add(client, " Zoë ", recording())
        assert answer.status == 201
        got = await answer.json()
        assert got["voice"]["id"] == "Zoë"
        assert got["verdict"] == [
            f"{got['voice']['seconds']} seconds of speech, and no problem found."
        ]
        # Over Wyoming too.
        assert (await service.voices.select(VoiceRequest("Zoë"))).clone is not None
        assert (await listed(client))["Zoë"] == {
            "id": "Zoë",
            "name": "Zoë",
            "languages": ["en", "de"],
            "kind": "cloned",
            "seconds": got["voice"]["seconds"],
            "problems": [],
            "default": True,
            "can_delete": True,
        }
        assert (await listed(client))["anna"]["kind"] == "built-in"
    assert files(tmp_path) == ["Zoë.wav"]
    samples, rate = soundfile.read(tmp_path / "Zoë.wav")
    assert (rate, samples.ndim) == (RATE, 1)
    assert np.allclose(samples, speech(), atol=1e-3)


@pytest.mark.parametrize("name", TRICKS)
async def test_names_are_no_paths(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "voices"
    write(folder / "carl.wav", speech())
    async with voices(folder) as (client, _):
        answer = await add(client, name, recording())
        assert await error_of(answer) == (400, "bad_request")
        answer = await client.put("/ui/api/voices/carl", json={"name": name}, headers=CHANGE)
        assert await error_of(answer) == (400, "bad_request")
    assert files(tmp_path) == ["voices/carl.wav"]


@pytest.mark.parametrize(
    "name", ["..%2Fsecret", "..%2Fsecret.wav", "%2E%2E", "anna", "nobody", "%00"]
)
async def test_identifiers_are_only_looked_up(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "voices"
    folder.mkdir()
    write(tmp_path / "secret.wav", speech())
    async with voices(folder) as (client, _):
        url = URL(f"/ui/api/voices/{name}", encoded=True)
        recorded = URL(f"/ui/api/voices/{name}/recording", encoded=True)
        for answer in (
            await client.delete(url, headers=CHANGE),
            await client.put(url, json={"name": "new"}, headers=CHANGE),
            await client.get(recorded),
        ):
            status, code = await error_of(answer)
            assert status in {400, 404}
            assert code in {"voice_not_found", "not_found"}
    assert (tmp_path / "secret.wav").is_file()


@pytest.mark.parametrize("name", ["anna", "ANNA", "carl", "Carl "])
async def test_a_name_is_used_once(tmp_path: Path, name: str) -> None:
    kept = write(tmp_path / "carl.wav", speech()).read_bytes()
    write(tmp_path / "dora.wav", speech())
    async with voices(tmp_path) as (client, _):
        answer = await add(client, name, recording(2))
        assert await error_of(answer) == (400, "bad_request")
        answer = await client.put("/ui/api/voices/dora", json={"name": name}, headers=CHANGE)
        assert await error_of(answer) == (400, "bad_request")
    assert (tmp_path / "carl.wav").read_bytes() == kept
    assert files(tmp_path) == ["carl.wav", "dora.wav"]


async def test_rename_hear_and_delete(tmp_path: Path) -> None:
    one = write(tmp_path / "carl.flac", speech(), format="FLAC").read_bytes()
    for number in (1, 2):
        write(tmp_path / "dora" / f"{number}.wav", speech())
    (tmp_path / "dora" / "notes.txt").write_text("kept")
    write(tmp_path / "ada.wav", speech())
    async with voices(tmp_path, voice="ada") as (client, service):
        answer = await client.put("/ui/api/voices/carl", json={"name": "Karl"}, headers=CHANGE)
        assert (await answer.json())["voice"]["id"] == "Karl"
        answer = await client.put("/ui/api/voices/dora", json={"name": "Theodora"}, headers=CHANGE)
        assert (await answer.json())["voice"]["id"] == "Theodora"
        assert set(service.voices.clones) == {"Karl", "Theodora", "ada"}
        async with client.get("/ui/api/voices/Karl/recording") as answer:
            assert answer.headers["Content-Type"] == "audio/flac"
            assert await answer.read() == one
        # A person's recording is for those who look after the voices.
        async with client.get("/ui/api/voices/Karl/recording", headers=STRANGER) as answer:
            assert await error_of(answer) == (403, "change_not_allowed")
        for name in ("Karl", "Theodora"):
            assert (await listed(client))[name]["can_delete"]
            assert (await client.delete(f"/ui/api/voices/{name}", headers=CHANGE)).status == 200
        assert set(service.voices.clones) == {"ada"}
        assert await error_of(await client.delete("/ui/api/voices/ada", headers=CHANGE)) == (
            400,
            "bad_request",
        )
    # What is no recording is not deleted.
    assert files(tmp_path) == ["Theodora/notes.txt", "ada.wav"]


async def test_problems_are_told_in_words(tmp_path: Path) -> None:
    async with voices(tmp_path) as (client, _):
        answer = await add(client, "short", recording(1.5))
        got = await answer.json()
        assert got["verdict"] == got["voice"]["problems"]
        assert any(text.endswith("To fix this, record 6 to 30 seconds.") for text in got["verdict"])


async def test_aliases_are_kept_and_checked(tmp_path: Path) -> None:
    settings = {"alloy": "bert", "nova": "anna [de]"}
    async with voices(tmp_path, settings) as (client, _):
        async with client.get("/ui/api/voices") as answer:
            assert (await answer.json())["aliases"] == settings
        wanted = {"alloy": "anna [de]", "echo": "bert#two"}
        answer = await client.put("/ui/api/aliases", json={"aliases": wanted}, headers=CHANGE)
        assert (await answer.json())["aliases"] == settings | wanted
        for refused in (
            {"alloy": "nobody"},
            {"alloy": "nova"},
            {"alloy": "bert#three"},
            {"alloy": 3},
            ["alloy"],
            {"": "anna"},
            None,
        ):
            answer = await client.put("/ui/api/aliases", json={"aliases": refused}, headers=CHANGE)
            assert answer.status == 400
    assert AliasFile(tmp_path, {}).current == wanted
    assert files(tmp_path) == [ALIAS_FILE]


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', "[" * 100_000, json.dumps({"a": ""})])
def test_a_damaged_file_of_aliases_is_left_out(tmp_path: Path, content: str) -> None:
    (tmp_path / ALIAS_FILE).write_text(content)
    assert AliasFile(tmp_path, {"alloy": "anna"}).current == {"alloy": "anna"}


async def test_a_model_that_cannot_clone_says_so(tmp_path: Path) -> None:
    engine = FakeSynthesizer(replace(FAKE_CARD, clones=False))
    async with serving(engine, tmp_path) as service:
        section = voice_routes(service, AliasFile(tmp_path, {}))
        async with page(section, service=service) as client:
            async with client.get("/ui/api/voices") as answer:
                got = await answer.json()
            assert (got["can_clone"], set(await listed(client))) == (False, {"anna", "bert"})
            answer = await add(client, "carl", recording())
            assert await error_of(answer) == (400, "bad_request")


async def test_aliases_that_cannot_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    async with voices(tmp_path) as (client, _):
        monkeypatch.setattr("tempfile.mkstemp", refuse)
        wanted = {"aliases": {"alloy": "bert"}}
        answer = await client.put("/ui/api/aliases", json=wanted, headers=CHANGE)
        assert "API_VOICES" in (await answer.json())["error"]["message"]
        assert await error_of(answer) == (500, "storage")
        async with client.get("/ui/api/voices") as answer:
            assert (await answer.json())["aliases"] == {}


async def test_aliases_follow_their_voice(tmp_path: Path) -> None:
    for name in ("carl", "carla"):
        write(tmp_path / f"{name}.wav", speech())
    async with voices(tmp_path, {"nova": "carl"}) as (client, _):

        async def aliases() -> Any:
            async with client.get("/ui/api/voices") as answer:
                return (await answer.json())["aliases"]

        wanted = {"alloy": "carl", "echo": "carl [de]", "fable": "carla", "onyx": "anna"}
        await client.put("/ui/api/aliases", json={"aliases": wanted}, headers=CHANGE)
        await client.put("/ui/api/voices/carl", json={"name": "Karl"}, headers=CHANGE)
        renamed = {"nova": "carl", "alloy": "Karl", "echo": "Karl [de]"}
        assert await aliases() == renamed | {"fable": "carla", "onyx": "anna"}
        await client.delete("/ui/api/voices/Karl", headers=CHANGE)
        assert await aliases() == {"nova": "carl", "fable": "carla", "onyx": "anna"}
    assert AliasFile(tmp_path, {}).current == {"fable": "carla", "onyx": "anna"}
