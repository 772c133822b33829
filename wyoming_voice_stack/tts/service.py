"""The text-to-speech service: turns text into audio for any front end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.engine.status import ServiceStatus, Workload
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.backend import SynthesisOptions, TtsBackend
from wyoming_voice_stack.tts.engine import EngineSource, SpeechSynthesizer
from wyoming_voice_stack.tts.reply import Reply
from wyoming_voice_stack.tts.reply_places import SPEED_SHARE, EngineLoad, ReplyPlaces
from wyoming_voice_stack.tts.scheduling.speech_rate import SpeechRate
from wyoming_voice_stack.tts.script import load_language_data
from wyoming_voice_stack.tts.synthesis_cache import SynthesisCache
from wyoming_voice_stack.tts.text.language.detection_client import LanguageDetection
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest
from wyoming_voice_stack.tts.voices.clone_preparation import VoicePreparation
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector
from wyoming_voice_stack.tts.voices.folder import VoicesFolder
from wyoming_voice_stack.tts.voices.registry import VoiceRegistry

_LOGGER = logging.getLogger(__name__)

VOICES_REFRESH_SECONDS = 10.0
"""How often the voices folder is read."""


@dataclass(frozen=True)
class TtsOptions:
    """Settings of the service."""

    model: str
    """Name of the model, as `/health` shows it."""
    voices_dir: Path
    voice: str | None
    """`TTS_VOICE`."""
    language: str | None
    """`TTS_LANGUAGE`."""
    household: tuple[str, ...]
    """`TTS_LANGUAGES`."""
    speaking: SynthesisOptions
    detector: SpeechDetector | None = None
    """Finds speech in recordings; without it, fewer problems of a recording are reported."""


class TtsService:
    """Opens replies, and keeps the cloned voices and the language data ready for them."""

    def __init__(
        self,
        source: EngineSource,
        worker: Worker[SpeechSynthesizer],
        options: TtsOptions,
        metrics: Metrics,
    ) -> None:
        speaking = options.speaking
        self.worker = worker
        self.voices = VoiceRegistry(
            source.card(),
            worker,
            VoicesFolder(options.voices_dir, options.detector),
            household=options.household,
            default_voice=options.voice,
            default_language=options.language,
        )
        self._options = options
        self._preparation = VoicePreparation(worker)
        self._detection = LanguageDetection()
        rate = SpeechRate()
        self._places = places = ReplyPlaces(
            EngineLoad(
                name=worker.name,
                speed=lambda: rate.speed,
                ready=lambda: worker.state == "ready",
                lanes=lambda: worker.lanes,
                queued=lambda: worker.queued_requests,
                max_waiting=worker.max_queued,
                speed_share=source.card().speed_share or SPEED_SHARE,
            )
        )
        metrics.queue_depth.labels(worker.name).set_function(
            lambda: worker.queued_jobs + places.waiting
        )
        self._backend = TtsBackend(
            worker=worker,
            voices=self.voices,
            rate=rate,
            places=places,
            synthesis_cache=SynthesisCache(speaking.cache_bytes, clones=speaking.cache_clones),
            detection=self._detection,
            max_characters=source.max_characters,
            options=speaking,
            metrics=metrics,
            short_characters=source.card().short_characters,
        )
        self._tasks: list[BackgroundTask] = []

    async def start(self) -> None:
        """Start loading the engine, and start watching the voices folder."""
        self.worker.start(load_now=True)
        self._tasks = [
            BackgroundTask(
                self._watch_voices,
                name="voices",
                on_failure="The voices folder is no longer watched.",
            ),
            BackgroundTask(
                self._load_language_data,
                name="languages",
                on_failure="The language data could not be loaded ahead of the first request.",
            ),
        ]
        if len(self.voices.catalogue.languages) > 1 and not self._options.language:
            self._tasks.append(
                BackgroundTask(
                    self._warm_up_detection,
                    name="language detection",
                    on_failure="Language detection could not be started ahead of the first request.",
                )
            )
        for task in self._tasks:
            task.start()

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engine; False if it was still inside a call after `timeout_s`."""
        await asyncio.gather(*(task.stop() for task in self._tasks))
        await self._detection.stop()
        return await self.worker.stop(timeout_s)

    def status(self) -> ServiceStatus:
        """Return the state of the engine."""
        voice, language = self.voices.catalogue.default
        return ServiceStatus(
            mode="tts",
            model=self._options.model,
            device=self.worker.device,
            state=self.worker.state,
            detail=str(self.worker.error) if self.worker.state == "failed" else "",
            voice=voice,
            language=language,
        )

    def workload(self) -> Workload:
        """Return the replies in progress, and those that wait."""
        return self._places.workload

    async def open_reply(
        self,
        request: VoiceRequest,
        connection_name: str,
        *,
        streaming: bool = False,
        speed: float | None = None,
    ) -> Reply:
        """Begin the reply to one request; `streaming` if its text comes in deltas.

        `speed` is relative to `TTS_SPEED`, as a client knows only the voice as it is configured.

        Raises:
            UnknownVoice: there is no such voice; the message lists the available ones.
            UnknownLanguage: the voice does not support the language.
        """
        selection = await self.voices.select(request)
        if selection.clone is not None:
            clone = await self._preparation.read_ahead(selection.clone)
            selection = replace(selection, clone=clone)
        kind = "streaming" if streaming else "plain"
        relative = 1.0 if speed is None else speed
        return Reply(self._backend, selection, connection_name, kind=kind, speed=relative)

    async def refresh_voices(self) -> None:
        """Read the voices folder, and clone new voices while the engine is idle."""
        await self.voices.refresh()
        await self._preparation.prepare(self.voices.clones.values())

    async def _watch_voices(self) -> None:
        while True:
            try:
                await self.refresh_voices()
            except Exception:
                # Audio libraries raise any error on a damaged file; later voices must still be found.
                _LOGGER.exception(
                    "Reading the voices folder failed. Next attempt in %g s.",
                    VOICES_REFRESH_SECONDS,
                )
            await asyncio.sleep(VOICES_REFRESH_SECONDS)

    async def _load_language_data(self) -> None:
        await asyncio.to_thread(load_language_data, self.voices.catalogue.regional_languages)

    async def _warm_up_detection(self) -> None:
        await self._detection.warm_up(self.voices.catalogue.languages)
