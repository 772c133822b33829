"""The voices section of the page, and recordings to send to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import soundfile

from tests.support.fakes import FakeSynthesizer
from tests.support.page_client import CHANGE, STRANGER, Client, page
from tests.support.tts_client import serving
from tests.support.voice_files import RATE, speech
from wyoming_voice_stack.http.api.body_budget import MIB, BodyBudget
from wyoming_voice_stack.http.page.sections.voice_routes import VoiceRoutes
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.alias_file import AliasFile


def recording(seconds: float | None = None, form: str = "WAV") -> bytes:
    samples = speech() if seconds is None else speech()[: int(seconds * RATE)]
    content = BytesIO()
    soundfile.write(content, samples, RATE, format=form)
    return content.getvalue()


def files(folder: Path) -> list[str]:
    """All files below a folder, the hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def voice_routes(service: TtsService, aliases: AliasFile) -> VoiceRoutes:
    return VoiceRoutes(service, aliases, BodyBudget(MIB), MIB)


@asynccontextmanager
async def voices(
    folder: Path,
    aliases: Mapping[str, str] | None = None,
    voice: str | None = None,
) -> AsyncIterator[tuple[Client, TtsService]]:
    async with serving(FakeSynthesizer(), folder, voice=voice) as service:
        section = voice_routes(service, AliasFile(folder, aliases or {}))
        async with page(section, service=service) as client:
            yield client, service


async def add(client: Client, name: str, content: bytes, **headers: str) -> aiohttp.ClientResponse:
    form = aiohttp.FormData({"name": name})
    form.add_field("file", content, filename="../../etc/passwd", content_type="audio/wav")
    return await client.post("/ui/api/voices", data=form, headers=CHANGE | headers)


async def listed(client: Client) -> dict[str, dict[str, Any]]:
    async with client.get("/ui/api/voices", headers=STRANGER) as answer:
        assert answer.status == 200
        return {voice["id"]: voice for voice in (await answer.json())["voices"]}
