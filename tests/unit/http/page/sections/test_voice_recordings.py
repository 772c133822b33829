"""Recordings that visitors of the page send to make a voice."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
import soundfile

from tests.support.audio_file_formats import audio_file
from tests.support.page_client import CHANGE, error_of
from tests.support.voice_files import RATE, speech, write
from tests.support.voice_uploads import add, files, listed, recording, voices
from wyoming_voice_stack.http.api.body_budget import MIB
from wyoming_voice_stack.tts.voices import voice_editor
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment


async def test_what_is_kept_is_not_what_was_sent(tmp_path: Path) -> None:
    async with voices(tmp_path) as (client, _):
        for name in ("flac", "ogg"):
            content = recording(form=name.upper()) + b"a hidden message"
            answer = await add(client, name, content)
            assert answer.status == 201, await answer.text()
    for name in ("flac.wav", "ogg.wav"):
        kept = (tmp_path / name).read_bytes()
        assert kept.startswith(b"RIFF")
        assert b"hidden" not in kept


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"this is text", "cannot be read"),
        (recording(0.5), "0.5 s long, which is too short"),
        (b"", "cannot be read"),
    ],
)
async def test_what_is_no_recording_is_not_kept(
    tmp_path: Path, content: bytes, message: str
) -> None:
    async with voices(tmp_path) as (client, _):
        answer = await add(client, "bob", content)
        assert message in (await answer.json())["error"]["message"]
        assert await error_of(answer) == (400, "unsupported_audio")
        assert set(await listed(client)) == {"anna", "bert"}
    assert files(tmp_path) == []


async def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "carl.wav", speech())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("os.unlink", "os.rename", "os.mkdir"):
        monkeypatch.setattr(name, refuse)
    monkeypatch.setattr("os.access", lambda *_: False)
    async with voices(tmp_path, voice="anna") as (client, _):
        async with client.get("/ui/api/voices") as answer:
            got = await answer.json()
        assert not got["can_clone"]
        assert "may not write" in got["why_not"]
        assert not any(voice["can_delete"] for voice in got["voices"])
        for answer in (
            await add(client, "dora", recording()),
            await client.put("/ui/api/voices/carl", json={"name": "Karl"}, headers=CHANGE),
            await client.delete("/ui/api/voices/carl", headers=CHANGE),
        ):
            assert "VOICES_DIR" in (await answer.json())["error"]["message"]
            assert await error_of(answer) == (500, "storage")


async def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with voices(tmp_path) as (client, _):
        monkeypatch.setattr("os.fsync", fail)
        answer = await add(client, "dora", recording())
        assert "disk of the voices folder is full" in (await answer.json())["error"]["message"]
        assert set(await listed(client)) == {"anna", "bert"}
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"name": "carl"}, 400, "invalid_value"), ({"file": b"x" * (MIB + 1)}, 413, "too_large")],
)
async def test_forms_are_bounded(
    tmp_path: Path, body: dict[str, str | bytes], status: int, code: str
) -> None:
    async with voices(tmp_path) as (client, _):
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in body.items():
            form.add_field(name, value if isinstance(value, str) else BytesIO(value))
        answer = await client.post("/ui/api/voices", data=form, headers=CHANGE)
        assert await error_of(answer) == (status, code)
        answer = await client.post("/ui/api/voices", data=b"x", headers=CHANGE)
        assert await error_of(answer) == (415, "unsupported_media_type")
    assert files(tmp_path) == []


async def test_what_the_assessment_refuses_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Assessment(refusal="The recording bob.wav is silent.")
    monkeypatch.setattr(voice_editor, "assess", lambda *_: refused)
    async with voices(tmp_path) as (client, _):
        answer = await add(client, "bob", recording())
        assert await error_of(answer) == (400, "unsupported_audio")
    assert files(tmp_path) == []


@pytest.mark.parametrize("kind", ["webm of a browser", "m4a", "wav 24 bit"])
async def test_what_browsers_and_telephones_record(tmp_path: Path, kind: str) -> None:
    async with voices(tmp_path) as (client, _):
        answer = await add(client, "bob", audio_file(kind, speech(), rate=RATE, channels=2))
        assert answer.status == 201, await answer.text()
        seconds = (await answer.json())["voice"]["seconds"]
    kept, rate = soundfile.read(tmp_path / "bob.wav")
    assert kept.ndim == 1
    # Rounded to a tenth.
    assert 0 < seconds <= len(kept) / rate + 0.05


async def test_a_recording_that_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_editor, "MAX_DECODED_BYTES", 2 * RATE)
    async with voices(tmp_path) as (client, _):
        answer = await add(client, "bob", audio_file("webm", speech(), rate=RATE))
        assert await error_of(answer) == (400, "unsupported_audio")
    assert files(tmp_path) == []
