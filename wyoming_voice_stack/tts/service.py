"""The text-to-speech server's purpose: which voices there are, and the engine that speaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.tts import SynthesizeVoice

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import CapacityError, UnknownVoice, VoiceStackError
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.tts_session import TtsSession
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.catalogue import Choice, VoiceCatalogue
from wyoming_voice_stack.tts.engine import (
    CloneSource,
    EngineCard,
    EngineSource,
    PreparesVoices,
    SpeechSynthesizer,
)
from wyoming_voice_stack.tts.script import get_ready
from wyoming_voice_stack.tts.text.language.detection import LanguageDetection
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector
from wyoming_voice_stack.tts.voices.folder import VoicesFolder
from wyoming_voice_stack.tts.voices.synthesis_cache import SynthesisCache

_LOGGER = logging.getLogger(__name__)

PROGRAM = "Voice Stack TTS"
"""The entity's name in Home Assistant; part of its identity there, so it never changes."""
VOICES_REFRESH_SECONDS = 10.0
"""How often the voices folder is read afresh."""
MAX_PREPARED_VOICES = 64
"""Cloned ahead of the first request; an engine keeps no more of them in memory."""

_PROJECT = Attribution(name="wyoming-voice-stack", url="")


@dataclass(frozen=True)
class TtsOptions:
    """Settings of the voices."""

    voices_dir: Path
    voice: str | None
    """`TTS_VOICE`."""
    language: str | None
    """`TTS_LANGUAGE`."""
    household: tuple[str, ...]
    """`TTS_LANGUAGES`."""
    device: str
    speaking: SynthesisOptions
    detector: SpeechDetector | None = None
    """Tells speech in recordings; without it, they are judged less."""


class TtsService:
    """Opens sessions, keeps the catalogue of voices fresh, and answers for the engine."""

    programs = (PROGRAM,)

    def __init__(
        self,
        source: EngineSource,
        worker: Worker[SpeechSynthesizer],
        options: TtsOptions,
        metrics: Metrics,
    ) -> None:
        self._source = source
        self.worker = worker
        self._options = options
        self.metrics = metrics
        speaking = options.speaking
        self.synthesis_cache = SynthesisCache(speaking.cache_bytes, clones=speaking.cache_clones)
        self._last_card = source.card()
        self._folder = VoicesFolder(options.voices_dir, options.detector)
        self._clones: Mapping[str, CloneSource] = (
            self._folder.read(assessing=False) if self._last_card.clones else {}
        )
        self._prepared: set[str] = set()
        self._prepared_by = 0
        self._preparing = asyncio.Lock()
        self._catalogue = self._make_catalogue()
        self._info = self._describe()
        self._detection = LanguageDetection()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def options(self) -> SynthesisOptions:
        """How this server speaks."""
        return self._options.speaking

    async def start(self) -> None:
        """Load the engine, and begin to follow the voices folder."""
        self.worker.start(load_now=True)
        languages = self._catalogue.languages
        readings = self._catalogue.readings
        self._tasks = [
            asyncio.create_task(self._follow_voices(), name="voices"),
            asyncio.create_task(asyncio.to_thread(get_ready, readings), name="languages"),
        ]
        if len(languages) > 1 and not self._options.language:
            warm_up = self._detection.warm_up(languages)
            self._tasks.append(asyncio.create_task(warm_up, name="language detection"))

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engine; False if it was still inside a call after `timeout_s`."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._detection.stop()
        return await self.worker.stop(timeout_s)

    def info(self) -> Event:
        """The `info` event; made anew only when the voices have changed."""
        self._catalogue_now()
        return self._info

    def status(self) -> ServiceStatus:
        """How the engine is."""
        # It may be unloaded between two looks at it.
        engine = self.worker.engine
        return ServiceStatus(
            mode="tts",
            model=self.card.name,
            device=engine.device if engine else self._options.device,
            state=self.worker.state,
            detail=str(self.worker.error) if self.worker.state == "failed" else "",
        )

    def open_session(self, connection_name: str) -> TtsSession:
        """Begin a talk with a new client."""
        return TtsSession(self, connection_name)

    async def choose(self, voice: SynthesizeVoice | None) -> Choice:
        """Find the voice that a request names; an unknown name is looked for once more.

        Raises:
            UnknownVoice: no such voice; the message lists what there is.
            UnknownLanguage: the voice does not speak the language.
        """
        asked = voice or SynthesizeVoice()
        try:
            return self._choose(asked)
        except UnknownVoice:
            await self.refresh_voices()
            return self._choose(asked)

    def max_characters(self, language: str) -> int:
        """How long a sentence in this language may be."""
        return self._source.max_characters(language)

    async def detect_language(self, text: str, languages: Sequence[str]) -> str:
        """Tell which of these languages the text is in."""
        if len(languages) == 1:
            return languages[0]
        return await self._detection.detect(text, tuple(languages))

    async def refresh_voices(self) -> None:
        """Read the voices folder afresh."""
        if not self.card.clones:
            return
        clones = await asyncio.to_thread(self._folder.read)
        if clones != self._clones:
            _LOGGER.info("voices to clone: %s", ", ".join(clones) or "none")
            self._clones = clones

    @property
    def card(self) -> EngineCard:
        """What is known of the engine now."""
        # An engine that was unloaded to rest is still what will speak.
        engine = self.worker.engine
        if engine is not None:
            self._last_card = engine.card
        return self._last_card

    def _choose(self, asked: SynthesizeVoice) -> Choice:
        return self._catalogue_now().choose(asked.name, asked.language, asked.speaker)

    async def _follow_voices(self) -> None:
        while True:
            try:
                await self.refresh_voices()
                await self.prepare_voices()
            except Exception:
                # Libraries raise anything on a file that is none; the next voice must still be seen.
                _LOGGER.exception("The voices folder could not be followed")
            await asyncio.sleep(VOICES_REFRESH_SECONDS)

    async def prepare_voices(self) -> None:
        """Let the engine clone what is new while nobody waits for it; wakes no engine for that."""
        async with self._preparing:
            if self.worker.loads != self._prepared_by:
                # An engine that was loaded anew knows nobody yet.
                self._prepared.clear()
                self._prepared_by = self.worker.loads
            for source in list(self._clones.values())[:MAX_PREPARED_VOICES]:
                if source.fingerprint in self._prepared or self.worker.state != "ready":
                    continue
                try:
                    await self.worker.run(partial(_prepare, source), Priority.PARTIAL)
                except CapacityError:
                    return
                except VoiceStackError as error:
                    # Whoever asks for this voice is told the same.
                    _LOGGER.warning("%s", error)
                self._prepared.add(source.fingerprint)
            self._prepared &= {source.fingerprint for source in self._clones.values()}

    def _catalogue_now(self) -> VoiceCatalogue:
        made_of = self._catalogue
        if made_of.card is not self.card or made_of.clones is not self._clones:
            self._catalogue = self._make_catalogue()
            self._info = self._describe()
        return self._catalogue

    def _make_catalogue(self) -> VoiceCatalogue:
        return VoiceCatalogue(
            card=self.card,
            clones=self._clones,
            household=self._options.household,
            default_voice=self._options.voice,
            default_language=self._options.language,
        )

    def _describe(self) -> Event:
        card = self.card
        made_by = Attribution(name=card.attribution_name, url=card.attribution_url)
        voices = [
            TtsVoice(
                name=voice.name,
                attribution=made_by,
                installed=True,
                description=voice.description,
                version=None,
                languages=[voice.language],
                speakers=[TtsVoiceSpeaker(name=name) for name in voice.speakers] or None,
            )
            for voice in self._catalogue.listed
        ]
        program = TtsProgram(
            name=PROGRAM,
            attribution=_PROJECT,
            installed=True,
            description=card.description,
            version=__version__,
            voices=voices,
            supports_synthesize_streaming=True,
        )
        return Info(tts=[program]).event()


def _prepare(source: CloneSource, engine: SpeechSynthesizer) -> None:
    if isinstance(engine, PreparesVoices):
        engine.prepare(source)
