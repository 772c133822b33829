"""Builds what is served over HTTP besides health and metrics, with the first request for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from aiohttp import web

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.application import PAGE_ROUTES, RequestPlaces
from wyoming_voice_stack.http.late_routes import BuildRoutes
from wyoming_voice_stack.machine.hardware import available_memory_bytes
from wyoming_voice_stack.machine.memory import freeze_after_load
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.app import RunningService

MIB = 1024 * 1024

if TYPE_CHECKING:
    from wyoming_voice_stack.asr.service import AsrService
    from wyoming_voice_stack.http.api.body_budget import BodyBudget
    from wyoming_voice_stack.http.api.elsewhere import Elsewhere
    from wyoming_voice_stack.http.api.lists import Lists
    from wyoming_voice_stack.http.api.names import VoiceNames
    from wyoming_voice_stack.tts.service import TtsService
    from wyoming_voice_stack.tts.voices.alias_file import AliasFile

# Modules below http.api and http.page are imported inside functions, which run with the first request.


@dataclass(frozen=True)
class HttpSide:
    """What the API and the page of one server are built from; one of `asr` and `tts` is set."""

    settings: Settings
    metrics: Metrics
    status: RunningService
    store: ModelStore
    asr: AsrService | None = None
    tts: TtsService | None = None

    def late_routes(self, places: RequestPlaces) -> Mapping[str, BuildRoutes]:
        """Return what builds the routes of each path."""
        # The modules of these routes are never freed, so the garbage collector need not traverse them.
        routes: dict[str, BuildRoutes] = {"/v1": freeze_after_load(partial(self._api, places))}
        if self.settings.web_ui != "off":
            routes[PAGE_ROUTES] = freeze_after_load(partial(self._page, places))
        return routes

    def _page(self, places: RequestPlaces) -> Sequence[web.RouteDef]:
        from wyoming_voice_stack.server.assembly.page import PageBuilder

        page = PageBuilder(
            self.settings,
            self.metrics,
            self.status,
            self.store,
            places,
            other_port(self.settings),
        )
        if self.tts is not None:
            return page.tts_routes(self.tts, self.aliases, self.uploads)
        return page.asr_routes(self.asr) if self.asr is not None else []

    def _api(self, places: RequestPlaces) -> Sequence[web.RouteDef]:
        from wyoming_voice_stack.http.api.cross_origin import CrossOrigin
        from wyoming_voice_stack.http.api.gateway import Gateway
        from wyoming_voice_stack.http.api.keys import ApiKey

        key = self.settings.api_key
        gateway = Gateway(
            ApiKey(key.get_secret_value() if key else None),
            CrossOrigin(self.settings.api_origins, self.settings.allowed_hosts),
            places,
            self.status,
            self.metrics,
        )
        return gateway.guarded(
            self._api_routes(),
            sockets=self._realtime(places),
            elsewhere=self._other_server().routes(),
        )

    @cached_property
    def uploads(self) -> BodyBudget:
        """The memory that all uploads of this server share."""
        from wyoming_voice_stack.http.api.body_budget import BodyBudget
        from wyoming_voice_stack.http.api.uploads import upload_budget_bytes

        limit = upload_budget_bytes(available_memory_bytes(), self.max_upload_bytes)
        return BodyBudget(limit)

    @property
    def max_upload_bytes(self) -> int:
        """Largest file that a client may upload."""
        return self.settings.max_upload_mb * MIB

    def _api_routes(self) -> list[web.RouteDef]:
        """Each part of the API adds its routes here."""
        return [
            *self._lists().routes(),
            *self._speech(),
            *self._transcription(),
        ]

    def _lists(self) -> Lists:
        from wyoming_voice_stack.http.api.lists import Lists

        return Lists(self.asr, self.tts)

    def _speech(self) -> list[web.RouteDef]:
        if self.tts is None:
            return []
        from wyoming_voice_stack.http.api.speech.speech_api import SpeechApi

        limit = self.settings.tts_max_text_characters
        return SpeechApi(self.tts, self._voice_names(self.tts), max_text_characters=limit).routes()

    def _transcription(self) -> list[web.RouteDef]:
        if self.asr is None:
            return []
        from wyoming_voice_stack.http.api.transcription.transcription_api import TranscriptionApi

        limit = self.max_upload_bytes
        return TranscriptionApi(
            self.asr, self.uploads, self.metrics, max_upload_bytes=limit
        ).routes()

    def _voice_names(self, tts: TtsService) -> VoiceNames:
        from wyoming_voice_stack.http.api.names import VoiceNames

        aliases = self.aliases
        return VoiceNames(lambda: tts.voices.catalogue, lambda: aliases.current)

    @cached_property
    def aliases(self) -> AliasFile:
        """The further names of voices, which the API and the page share. Reads a file."""
        from wyoming_voice_stack.tts.voices.alias_file import AliasFile

        return AliasFile(self.settings.voices_dir, dict(self.settings.api_voices))

    def _realtime(self, places: RequestPlaces) -> list[web.RouteDef]:
        from wyoming_voice_stack.server.assembly.realtime import (
            speech_sockets,
            transcription_sockets,
        )

        other, metrics = self._other_server(), self.metrics
        if self.asr is not None:
            return transcription_sockets(self.asr, places, other, metrics).routes()
        if self.tts is not None:
            names = self._voice_names(self.tts)
            return speech_sockets(self.tts, names, places, other, metrics).routes()
        return []

    def _other_server(self) -> Elsewhere:
        """Paths that this server knows only to say where they are served."""
        from wyoming_voice_stack.http.api.elsewhere import Elsewhere

        port = other_port(self.settings)
        if self.asr is not None:
            return Elsewhere(
                "speech-to-text", "Text to speech", "TTS_PORT", port, ("/v1/audio/speech",)
            )
        return Elsewhere(
            "text-to-speech",
            "Speech to text",
            "ASR_PORT",
            port,
            ("/v1/audio/transcriptions", "/v1/audio/translations"),
        )


def other_port(settings: Settings) -> int | None:
    """Port of the other server; None if the system chooses it, or if this server took it."""
    port = settings.tts_port if settings.service_mode == "asr" else settings.asr_port
    return port if port not in {0, settings.port} else None
