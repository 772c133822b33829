"""The speech-to-text service: its models, and the utterances that front ends open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    WHISPER,
    ModelFamily,
    SpeechRecognizer,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.partial_jobs import Speakers
from wyoming_voice_stack.asr.recorded_audio import AudioBudget
from wyoming_voice_stack.asr.utterance import TranscriptionContext, Utterance
from wyoming_voice_stack.asr.utterance_request import (
    MAX_PROMPT_CHARACTERS,
    UtteranceRequest,
    bounded,
)
from wyoming_voice_stack.asr.vad.endpoint import endpoint_for
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.engine.status import ServiceStatus, Workload
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import UnknownLanguage, UnknownModel
from wyoming_voice_stack.languages import DETECTED, closest_language, household_languages
from wyoming_voice_stack.metrics import Metrics


@dataclass(frozen=True)
class AsrEntry:
    """A model that a request can name, and the worker that runs it."""

    name: str
    """As clients see it; never a path."""
    codes: tuple[str, ...]
    """Whisper's codes of the languages that it supports."""
    worker: Worker[SpeechRecognizer]
    reference: str = ""
    """As `ASR_MODEL` names it; a request may use this as well."""
    translates: bool = False
    """True if the model was trained to translate to English."""
    family: ModelFamily = WHISPER
    """Where the model comes from."""

    @property
    def tags(self) -> dict[str, str]:
        """BCP 47 tag to Whisper's code, for every language."""
        return {to_tag(code): code for code in self.codes}


@dataclass(frozen=True)
class AsrModelCard:
    """What clients are shown of a model."""

    name: str
    languages: tuple[str, ...]
    """BCP 47 tags, sorted; with `ASR_LANGUAGES`, only those of the household."""
    translates: bool = False
    """True if it was trained to translate to English."""
    family: ModelFamily = WHISPER
    """Where the model comes from."""


@dataclass(frozen=True)
class AsrOptions:
    """Defaults of all requests."""

    language: str | None
    """`ASR_LANGUAGE`; None detects it."""
    household: tuple[str, ...]
    """`ASR_LANGUAGES`."""
    request: TranscriptionRequest
    """Task and initial prompt."""
    max_utterance_s: int
    endpoint_silence_s: float | None = None
    """`ASR_ENDPOINT_SILENCE`; None leaves it to the client to end an utterance."""
    partial_text: bool = True
    """`ASR_PARTIAL_TEXT`."""


class NameSource(Protocol):
    """Provides the names of a household's areas and entities."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names known now, the most likely first."""
        ...

    async def start(self) -> None:
        """Start to read names in the background."""
        ...

    async def stop(self) -> None:
        """Stop reading names."""
        ...


class AsrService:
    """Opens utterances and owns the engines of all models. The first entry is the default."""

    def __init__(
        self,
        entries: Sequence[AsrEntry],
        options: AsrOptions,
        metrics: Metrics,
        name_source: NameSource | None = None,
        audio_budget: AudioBudget | None = None,
    ) -> None:
        """`audio_budget` is the memory for the audio of all utterances."""
        self._entries = {entry.name: entry for entry in entries}
        self._references = {entry.reference: entry for entry in entries if entry.reference}
        self._default = entries[0]
        self._options = options
        self._name_source = name_source
        self._metrics = metrics
        self._audio_budget = audio_budget or AudioBudget()
        self._turns = OverloadTurns()
        self._speakers = Speakers()

    @property
    def models(self) -> tuple[AsrModelCard, ...]:
        """All models, the default first."""
        return tuple(
            AsrModelCard(
                entry.name,
                tuple(sorted(household_languages(self._options.household, entry.tags))),
                entry.translates,
                entry.family,
            )
            for entry in self._entries.values()
        )

    @property
    def references(self) -> Mapping[str, str]:
        """The name of each model by its name in `ASR_MODEL`."""
        return {reference: entry.name for reference, entry in self._references.items()}

    @property
    def name_source(self) -> NameSource | None:
        """What provides the names of the household, if anything does."""
        return self._name_source

    @property
    def streams_text(self) -> bool:
        """Whether partial text is available while the user speaks."""
        return self._options.partial_text

    @property
    def detects_endpoint(self) -> bool:
        """Whether the server ends utterances itself."""
        return self._options.endpoint_silence_s is not None

    @property
    def max_utterance_s(self) -> int:
        """Longest utterance in seconds."""
        return self._options.max_utterance_s

    async def start(self) -> None:
        """Start to load the default model; the others load on their first request."""
        for entry in self._entries.values():
            entry.worker.start(load_now=entry is self._default)
        if self._name_source is not None:
            await self._name_source.start()

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engines; False if one was still inside a call after `timeout_s`."""
        if self._name_source is not None:
            await self._name_source.stop()
        workers = [entry.worker for entry in self._entries.values()]
        return all(await asyncio.gather(*(worker.stop(timeout_s) for worker in workers)))

    def status(self) -> ServiceStatus:
        """Return the state of the default model."""
        worker = self._default.worker
        return ServiceStatus(
            mode="asr",
            model=self._default.name,
            device=worker.device,
            state=worker.state,
            detail=str(worker.error) if worker.state == "failed" else "",
            language=self._language,
        )

    def workload(self) -> Workload:
        """Return what the engines of all models work on, and what waits for them."""
        return sum((entry.worker.workload for entry in self._entries.values()), Workload())

    def open_utterance(self, request: UtteranceRequest, *, began_s_ago: float = 0.0) -> Utterance:
        """Open an utterance, whose first audio was received `began_s_ago`; see `resolve` for its errors."""
        return Utterance(
            self.resolve(request),
            self.max_utterance_s * SAMPLE_RATE,
            self._metrics,
            self._audio_budget,
            self._turns,
            self._speakers,
            began_s_ago=began_s_ago,
        )

    def model_name(self, model: str | None) -> str:
        """Return the name of a model, by its name or as the settings name it; None is the default.

        Raises:
            UnknownModel: there is no such model; the message lists those available.
        """
        return self._entry(model).name

    def resolve(self, request: UtteranceRequest) -> TranscriptionContext:
        """Choose the engine, language and prompt that a request asks for.

        Raises:
            UnknownModel: there is no such model; the message lists those available.
            UnknownLanguage: the model does not support the language.
        """
        entry = self._entry(request.model)
        wanted = request.language or (None if request.languages else self._options.language)
        defaults = self._options.request
        prompt = (request.prompt or "").strip()[-MAX_PROMPT_CHARACTERS:]
        source = self._name_source if request.household_names else None
        return TranscriptionContext(
            entry.worker,
            replace(
                defaults,
                task=request.task or defaults.task,
                initial_prompt=prompt or defaults.initial_prompt,
                word_times=request.word_times,
                language=self._code(entry, wanted) if wanted and wanted != DETECTED else None,
                candidate_languages=self._candidates(entry, request.languages),
                names=bounded("names", request.names),
                terms=bounded("terms", request.terms),
                household_names=source.names if source is not None else (),
            ),
            endpoint=endpoint_for(self._options.endpoint_silence_s, request.sensitivity),
            partial_text=self._options.partial_text,
        )

    @cached_property
    def _language(self) -> str:
        """Language of a request that names none; `auto` if it is detected."""
        wanted, tags = self._options.language, self._default.tags
        if wanted:
            return closest_language(wanted, tags) or wanted
        candidates = household_languages(self._options.household, tags)
        return candidates[0] if len(candidates) == 1 else DETECTED

    def _entry(self, name: str | None) -> AsrEntry:
        if not name:
            return self._default
        if name in self._references:
            return self._references[name]
        if name not in self._entries:
            known = ", ".join(self._entries)
            raise UnknownModel(f"Unknown model {name!r:.80}. Available: {known}.")
        return self._entries[name]

    def _code(self, entry: AsrEntry, wanted: str) -> str:
        tag = closest_language(wanted, entry.tags)
        if tag is None:
            known = ", ".join(entry.tags)
            raise UnknownLanguage(
                f"Model {entry.name!r} does not support language {wanted!r:.80}."
                f" Supported: {known}."
            )
        return entry.tags[tag]

    def _candidates(self, entry: AsrEntry, wanted: tuple[str, ...]) -> tuple[str, ...]:
        if wanted:
            return tuple(dict.fromkeys(self._code(entry, tag) for tag in wanted))
        if not self._options.household:
            return ()
        own = household_languages(self._options.household, entry.tags)
        return tuple(entry.tags[tag] for tag in own)
