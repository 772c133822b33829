"""Builds the web page of a server, with its first request."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from aiohttp import web
from pydantic import SecretStr

from wyoming_voice_stack.announce.discovery import discover
from wyoming_voice_stack.announce.other_server_search import (
    OtherServerSearch,
    configured_place,
    places_nearby,
)
from wyoming_voice_stack.announce.zeroconf import default_instance_name
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.api.body_budget import MIB, BodyBudget
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.application import RequestPlaces
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.page.page_api import PageApi, PageLog
from wyoming_voice_stack.http.page.page_figures import HasWorkload
from wyoming_voice_stack.http.page.page_routes import PagePart
from wyoming_voice_stack.http.page.page_state import PageFacts
from wyoming_voice_stack.http.page.page_visitors import VisitorRules
from wyoming_voice_stack.http.page.sections.model_routes import ModelRoutes
from wyoming_voice_stack.logs import recent_lines
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.licence import AGREED_VARIABLE
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.model_shelf import DiskShelf

if TYPE_CHECKING:
    from wyoming_voice_stack.asr.service import AsrService
    from wyoming_voice_stack.tts.service import TtsService
    from wyoming_voice_stack.tts.voices.alias_file import AliasFile


@dataclass(frozen=True)
class PageBuilder:
    """Builds the page of a server of either kind."""

    settings: Settings
    metrics: Metrics
    status: HasStatus
    store: ModelStore
    places: RequestPlaces
    other_port: int | None = None
    """Port of the other server on this machine; None if it is not known."""

    def asr_routes(self, service: AsrService) -> Sequence[web.RouteDef]:
        """Return the routes of the page of a speech-to-text server."""
        from wyoming_voice_stack.asr.home_assistant import HomeAssistantNames
        from wyoming_voice_stack.http.page.sections.name_routes import NameRoutes
        from wyoming_voice_stack.http.page.sections.sample_routes import SampleRoutes

        names, other = service.name_source, self._other_server
        return self._routes(
            service,
            service.references,
            [
                NameRoutes(names if isinstance(names, HomeAssistantNames) else None),
                SampleRoutes(lambda: other.known, ApiKey(self._key)),
            ],
            languages=lambda: service.models[0].languages,
            streams_text=service.streams_text,
        )

    def tts_routes(
        self, service: TtsService, aliases: AliasFile, uploads: BodyBudget
    ) -> Sequence[web.RouteDef]:
        """Return the routes of the page of a text-to-speech server.

        It shares with the API the further names of voices, and the memory for uploads.
        """
        from wyoming_voice_stack.http.page.sections.plain_speech import PlainSpeech
        from wyoming_voice_stack.http.page.sections.voice_routes import VoiceRoutes

        voices = service.voices
        max_upload_bytes = self.settings.max_upload_mb * MIB
        return self._routes(
            service,
            {self.settings.tts_model: service.status().model},
            [
                VoiceRoutes(service, aliases, uploads, max_upload_bytes),
                PlainSpeech(service, ApiKey(self._key)),
            ],
            languages=lambda: voices.catalogue.languages,
            voices=lambda: [voice.name for voice in voices.catalogue.listed],
        )

    def _routes(
        self,
        service: HasWorkload,
        references: Mapping[str, str],
        parts: Sequence[PagePart],
        *,
        languages: Callable[[], tuple[str, ...]],
        streams_text: bool = False,
        voices: Callable[[], Sequence[str]] | None = None,
    ) -> Sequence[web.RouteDef]:
        settings = self.settings
        mode = settings.service_mode or ""
        agreed = {AGREED_VARIABLE: "1"} if settings.coqui_tos_agreed else {}
        shelf = DiskShelf(self.store, mode, references, {**os.environ, **agreed})
        page = PageApi(
            self.status,
            service,
            self.metrics,
            PageFacts(
                name=settings.zeroconf_name or default_instance_name(mode),
                announced=settings.zeroconf or settings.supervisor_token is not None,
                key_required=self._key is not None,
                languages=languages,
                streams_text=streams_text,
                progress=lambda: self.store.part_fetched,
                other=self._other_server,
            ),
            VisitorRules(settings.web_ui, self._key, settings.allowed_hosts),
            PageLog(recent_lines, shown_settings(settings)),
            self.places,
            parts=[*parts, ModelRoutes(shelf)],
            voices=voices,
            fetches=shelf.fetches,
        )
        return page.routes()

    @cached_property
    def _other_server(self) -> OtherServerSearch:
        settings = self.settings
        mode = "tts" if settings.service_mode == "asr" else "asr"
        if settings.other_server is not None:
            usual_port = settings.tts_port if mode == "tts" else settings.asr_port
            place = partial(configured_place, settings.other_server, usual_port)
            return OtherServerSearch(mode, place, None)
        nearby = partial(places_nearby, mode, self.other_port, bind_host=settings.host)
        # Multicast does not reach the containers of add-ons.
        searches = settings.zeroconf and settings.supervisor_token is None
        return OtherServerSearch(mode, nearby, discover if searches else None)

    @property
    def _key(self) -> str | None:
        key = self.settings.api_key
        return key.get_secret_value() if key is not None else None


def shown_settings(settings: Settings) -> Mapping[str, str]:
    """Return the settings for a report, without secrets."""
    return {
        name.upper(): _text(value)
        for name in Settings.model_fields
        if not isinstance(value := getattr(settings, name), SecretStr)
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(
            "=".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in value
        )
    return str(value)
