"""The section of voices: list, add, rename, delete and hear them, and the names that API clients send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from wyoming_voice_stack.errors import RequestError, UnknownVoice
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.body_budget import BodyBudget
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.requests import read_json
from wyoming_voice_stack.http.api.streaming import open_stream, send
from wyoming_voice_stack.http.api.uploads import received_form
from wyoming_voice_stack.http.page.page_files import SECURITY_HEADERS
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.alias_file import AliasFile
from wyoming_voice_stack.tts.voices.cloning.listing import MAX_VOICES
from wyoming_voice_stack.tts.voices.voice_editor import VoiceEditor

_LOGGER = logging.getLogger(__name__)

MAX_JSON_BYTES = 16 * 1024
READ_BYTES = 256 * 1024
"""Part of a recording that is sent at once."""
_AUDIO_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
}


class VoiceRoutes:
    """The voices of a text-to-speech server. A name from a browser is only looked up."""

    def __init__(
        self,
        service: TtsService,
        aliases: AliasFile,
        uploads: BodyBudget,
        max_upload_bytes: int,
    ) -> None:
        """`uploads` is the memory that all uploads of the server share."""
        self._service = service
        self._aliases = aliases
        self._uploads = uploads
        self._max_upload_bytes = max_upload_bytes
        folder = service.voices.folder
        self._editor = VoiceEditor(folder.path, folder.detector)
        self._changing = asyncio.Lock()

    def routes(self) -> list[PageRoute]:
        """Return the addresses of this section."""
        return [
            PageRoute("GET", "api/voices", self._show),
            PageRoute("POST", "api/voices", self._add, changes=True),
            PageRoute("PUT", "api/voices/{id}", self._rename, changes=True),
            PageRoute("DELETE", "api/voices/{id}", self._delete, changes=True),
            PageRoute("GET", "api/voices/{id}/recording", self._recording, private=True),
            PageRoute("PUT", "api/aliases", self._set_aliases, changes=True),
        ]

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        del request, visitor
        why_not = await asyncio.to_thread(self._why_not_clone)
        return web.json_response(
            {
                "voices": self._voices(can_delete=not why_not),
                "aliases": dict(self._aliases.current),
                "can_clone": not why_not,
                "why_not": why_not,
            }
        )

    async def _add(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        received = received_form(request, self._uploads, max_file_bytes=self._max_upload_bytes)
        async with received as form, self._changing:
            if form.file is None:
                raise InvalidField("The form has no file.", param="file")
            name, upload = form.value("name") or "", bytes(form.file.data)
            self._require_cloning()
            self._require_free(name)
            if len(self._service.voices.clones) >= MAX_VOICES:
                raise RequestError(f"There are {MAX_VOICES} voices already. Delete one first.")
            added, verdict = await asyncio.to_thread(self._editor.add, name, upload)
            await self._refresh(lambda: added in self._service.voices.clones)
        _LOGGER.info("The voice %r was added through the web page", added)
        return web.json_response(
            {"voice": self._voice(added), "verdict": list(verdict)}, status=201
        )

    async def _rename(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        name = (await read_json(request, MAX_JSON_BYTES)).get("name")
        if not isinstance(name, str):
            raise RequestError("The new name is missing.")
        async with self._changing:
            source = self._clone(request)
            self._require_free(name)
            renamed = await asyncio.to_thread(self._editor.rename, source, name)
            await asyncio.to_thread(self._aliases.voice_renamed, source.name, renamed)
            await self._refresh(lambda: renamed in self._service.voices.clones)
        _LOGGER.info("The voice %r was renamed to %r through the web page", source.name, renamed)
        return web.json_response({"voice": self._voice(renamed)})

    async def _delete(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        async with self._changing:
            source = self._clone(request)
            if source.name == self._required:
                raise RequestError(
                    f"The voice {source.name!r} is TTS_VOICE. Set another one before you delete it."
                )
            await asyncio.to_thread(self._editor.delete, source)
            await asyncio.to_thread(self._aliases.voice_renamed, source.name, None)
            await self._refresh(lambda: source.name not in self._service.voices.clones)
        _LOGGER.info("The voice %r was deleted through the web page", source.name)
        return web.json_response({"deleted": source.name})

    async def _recording(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        del visitor
        path = self._clone(request).paths[0]
        kind = _AUDIO_TYPES.get(path.suffix.lower(), "application/octet-stream")
        file = await asyncio.to_thread(_opened, path)
        try:
            response = await open_stream(request, kind, SECURITY_HEADERS)
            while part := await asyncio.to_thread(file.read, READ_BYTES):
                await send(response, part)
            return response
        finally:
            file.close()

    async def _set_aliases(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        given = (await read_json(request, MAX_JSON_BYTES)).get("aliases")
        async with self._changing:
            await asyncio.to_thread(self._aliases.save, given, self._require_voice)
        return web.json_response({"aliases": dict(self._aliases.current)})

    def _require_voice(self, name: str) -> None:
        """Check that an alias stands for a voice, a voice in a language, or a speaker of a voice."""
        catalogue = self._service.voices.catalogue
        request = VoiceNames(lambda: catalogue).resolve(name)
        if request.name is None:
            # One of OpenAI's names, which is no voice here.
            catalogue.require(name)
        catalogue.select(request)

    async def _refresh(self, is_done: Callable[[], bool]) -> None:
        """Read the folder, so that the change shows at once, over Wyoming too."""
        await self._service.voices.refresh()
        if not is_done():
            # A reading that had begun before the change was waited for.
            await self._service.voices.refresh()

    @property
    def _default(self) -> str:
        return self._service.voices.catalogue.default[0]

    @property
    def _required(self) -> str | None:
        """`TTS_VOICE`: without it, requests that name no voice would fail."""
        return self._service.voices.catalogue.default_voice

    def _why_not_clone(self) -> str:
        if not self._service.voices.card.clones:
            return "This model cannot clone voices; XTTS can."
        return self._editor.why_read_only()

    def _require_cloning(self) -> None:
        if not self._service.voices.card.clones:
            raise RequestError(self._why_not_clone())

    def _require_free(self, name: str) -> None:
        """Check that no voice has the name; a case is no difference on some file systems."""
        wanted = name.strip().casefold()
        taken = {*self._service.voices.clones, *(v.name for v in self._service.voices.card.voices)}
        if wanted in {each.casefold() for each in taken}:
            raise RequestError(f"A voice named {name!r:.80} exists already. Choose another name.")

    def _clone(self, request: web.Request) -> CloneSource:
        name = request.match_info["id"]
        try:
            return self._service.voices.clones[name]
        except KeyError:
            raise UnknownVoice(f"No recording has the name {name!r:.80}.") from None

    def _voices(self, *, can_delete: bool) -> list[dict[str, Any]]:
        return [
            self._shown(name, source, can_delete=can_delete)
            for name, source in self._service.voices.catalogue.sources.items()
        ]

    def _voice(self, name: str) -> dict[str, Any] | None:
        voices = self._service.voices
        # A file system may store the name in another form; then the list has it.
        found = voices.clones.get(name)
        return self._shown(name, found, can_delete=True) if found is not None else None

    def _shown(self, name: str, source: CloneSource | None, *, can_delete: bool) -> dict[str, Any]:
        voices = self._service.voices
        report = voices.folder.reports.get(name) if source is not None else None
        return {
            "id": name,
            "name": name,
            "languages": list(voices.catalogue.languages_of(name)),
            "kind": "built-in" if source is None else "cloned",
            "seconds": round(report.seconds, 1) if report is not None else None,
            "problems": list(report.problems) if report is not None else [],
            "default": name == self._default,
            "can_delete": can_delete and source is not None and name != self._required,
        }


def _opened(path: Path) -> Any:
    return path.open("rb")
