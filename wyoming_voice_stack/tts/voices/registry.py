"""The voices of a service: the engine's own ones, and the recordings in the voices folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard, SpeechSynthesizer
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest, VoiceSelection
from wyoming_voice_stack.tts.voices.folder import VoicesFolder
from wyoming_voice_stack.tts.voices.folder_reader import (
    FIRST_READ_SECONDS,
    READ_SECONDS,
    FolderReader,
)

_LOGGER = logging.getLogger(__name__)


class VoiceRegistry:
    """Keeps the catalogue of voices current. Used from the event loop only."""

    def __init__(
        self,
        card: EngineCard,
        worker: Worker[SpeechSynthesizer],
        folder: VoicesFolder,
        *,
        household: tuple[str, ...] = (),
        default_voice: str | None = None,
        default_language: str | None = None,
    ) -> None:
        """`card` is used until the engine of `worker` is loaded; see `VoiceCatalogue` for the rest."""
        self._card = card
        self._worker = worker
        self._folder = folder
        self._reader = FolderReader(folder.name)
        self._clones: Mapping[str, CloneSource] = self._first_reading() if card.clones else {}
        self._catalogue = VoiceCatalogue(
            card, self._clones, household, default_voice, default_language
        )
        self._reported = ""

    @property
    def card(self) -> EngineCard:
        """What is known of the engine now."""
        # An engine that is unloaded while idle is still the one that will speak.
        engine = self._worker.engine
        if engine is not None:
            self._card = engine.card
        return self._card

    @property
    def folder(self) -> VoicesFolder:
        """The folder of recordings."""
        return self._folder

    @property
    def clones(self) -> Mapping[str, CloneSource]:
        """Recordings that can be cloned, by the voice's name, as of the last refresh."""
        return self._clones

    @property
    def catalogue(self) -> VoiceCatalogue:
        """The current catalogue; the same object until the voices change."""
        card = self.card
        if self._catalogue.card is not card or self._catalogue.clones is not self._clones:
            self._catalogue = replace(self._catalogue, card=card, clones=self._clones)
        return self._catalogue

    async def select(self, request: VoiceRequest) -> VoiceSelection:
        """Find the voice that a request names; for an unknown name, after a refresh.

        Raises:
            UnknownVoice: there is no such voice; the message lists the available ones.
            UnknownLanguage: the voice does not support the language.
        """
        try:
            return self.catalogue.select(request)
        except UnknownVoice:
            await self.refresh()
            return self.catalogue.select(request)

    async def refresh(self) -> None:
        """Read the voices folder, if the engine can clone voices."""
        if not self.card.clones:
            return
        reading = self._reader.start(self._folder.read)
        try:
            async with asyncio.timeout(READ_SECONDS):
                clones = await asyncio.shield(asyncio.wrap_future(reading))
        except OSError:
            self._reader.note_timeout(READ_SECONDS)
            return
        self._reader.note_answer()
        if clones != self._clones:
            _LOGGER.info("Cloned voices: %s", ", ".join(clones) or "none")
            self._clones = clones
        self._warn_of_unknown_default()

    def _first_reading(self) -> Mapping[str, CloneSource]:
        reading = self._reader.start(partial(self._folder.read, assessing=False))
        try:
            return reading.result(FIRST_READ_SECONDS)
        except OSError:
            self._reader.note_timeout(FIRST_READ_SECONDS)
            return {}

    def _warn_of_unknown_default(self) -> None:
        """Log once that TTS_VOICE does not exist: a download names voices after the start, files vanish."""
        if not self.card.voices:
            return
        try:
            self.catalogue.select(VoiceRequest())
            problem = ""
        except UnknownVoice as error:
            problem = str(error)
        if problem and problem != self._reported:
            _LOGGER.warning("%s", problem)
        self._reported = problem
