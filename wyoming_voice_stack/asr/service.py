"""The speech-to-text server's purpose: which models there are, and who is heard by which."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from wyoming.asr import Transcribe, VadSensitivity
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_voice_stack import __version__
from wyoming_voice_stack.asr.engine import SpeechRecognizer, TranscriptionRequest
from wyoming_voice_stack.asr.utterance import TranscriptionContext
from wyoming_voice_stack.asr.vad.endpoint import endpoint_for
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import UnknownLanguage, UnknownModel
from wyoming_voice_stack.languages import closest_language, household_languages
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.asr_session import AsrSession

PROGRAM = "Voice Stack STT"
"""The entity's name in Home Assistant; part of its identity there, so it never changes."""

_WHISPER = Attribution(name="OpenAI, SYSTRAN", url="https://github.com/SYSTRAN/faster-whisper")
_PROJECT = Attribution(name="wyoming-voice-stack", url="")


@dataclass(frozen=True)
class AsrEntry:
    """A model that a request may name, and the worker that runs it."""

    name: str
    codes: tuple[str, ...]
    """Whisper's codes of the languages that it hears."""
    worker: Worker[SpeechRecognizer]

    @property
    def tags(self) -> dict[str, str]:
        """BCP 47 tag to Whisper's code, for every language."""
        return {to_tag(code): code for code in self.codes}


@dataclass(frozen=True)
class AsrOptions:
    """Settings of every request that says nothing else."""

    language: str | None
    """`ASR_LANGUAGE`; None detects."""
    household: tuple[str, ...]
    """`ASR_LANGUAGES`."""
    request: TranscriptionRequest
    """Task and initial prompt."""
    max_utterance_s: int
    device: str
    endpoint_silence_s: float | None = None
    """`ASR_ENDPOINT_SILENCE`; None leaves it to the client when an utterance ends."""
    partial_text: bool = True


class NameSource(Protocol):
    """Knows what a household calls its rooms and things."""

    @property
    def names(self) -> tuple[str, ...]:
        """What is known now, the most likely first."""
        ...

    async def start(self) -> None:
        """Begin to ask, in the background."""
        ...

    async def stop(self) -> None:
        """Ask no more."""
        ...


class AsrService:
    """Opens sessions and answers for all models. The first entry is the default."""

    programs = (PROGRAM,)

    def __init__(
        self,
        entries: Sequence[AsrEntry],
        options: AsrOptions,
        metrics: Metrics,
        house: NameSource | None = None,
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._default = entries[0]
        self._options = options
        self._house = house
        self.metrics = metrics
        self._info = self._describe()

    @property
    def max_utterance_s(self) -> int:
        """Longest utterance in seconds."""
        return self._options.max_utterance_s

    @property
    def streams_text(self) -> bool:
        """Whether text is sent while somebody speaks."""
        return self._options.partial_text

    async def start(self) -> None:
        """Load the default model; the others load when they are first asked for."""
        for entry in self._entries.values():
            entry.worker.start(load_now=entry is self._default)
        if self._house is not None:
            await self._house.start()

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engines; False if one was still inside a call after `timeout_s`."""
        if self._house is not None:
            await self._house.stop()
        workers = [entry.worker for entry in self._entries.values()]
        return all(await asyncio.gather(*(worker.stop(timeout_s) for worker in workers)))

    def info(self) -> Event:
        """The `info` event, made once."""
        return self._info

    def status(self) -> ServiceStatus:
        """How the default model is."""
        worker = self._default.worker
        # It may be unloaded between two looks at it.
        engine = worker.engine
        return ServiceStatus(
            mode="asr",
            model=self._default.name,
            device=engine.device if engine else self._options.device,
            state=worker.state,
            detail=str(worker.error) if worker.state == "failed" else "",
        )

    def open_session(self, connection_name: str) -> AsrSession:
        """Begin a talk with a new client."""
        return AsrSession(self, connection_name)

    def hear(self, transcribe: Transcribe) -> TranscriptionContext:
        """Find the engine and the languages that a request names.

        Raises:
            UnknownModel: no such model; the message lists what there is.
            UnknownLanguage: the model does not hear the language.
        """
        entry = self._entry(transcribe.name)
        wanted = transcribe.language or self._options.language
        request = replace(
            self._options.request,
            language=self._code(entry, wanted) if wanted and wanted != "auto" else None,
            candidate_languages=self._candidates(entry),
            names=tuple(transcribe.transcript_names or ()),
            terms=tuple(transcribe.transcript_terms or ()),
            house=self._house.names if self._house is not None else (),
        )
        return TranscriptionContext(
            entry.worker,
            request,
            endpoint=endpoint_for(
                self._options.endpoint_silence_s, _sensitivity(transcribe.vad_sensitivity)
            ),
            drafts=self._options.partial_text,
        )

    def _entry(self, name: str | None) -> AsrEntry:
        if not name:
            return self._default
        if name not in self._entries:
            known = ", ".join(self._entries)
            raise UnknownModel(f"There is no model {name!r:.80} here; there is: {known}.")
        return self._entries[name]

    def _code(self, entry: AsrEntry, wanted: str) -> str:
        tag = closest_language(wanted, entry.tags)
        if tag is None:
            known = ", ".join(entry.tags)
            raise UnknownLanguage(f"{entry.name} does not hear {wanted!r:.80}; it hears: {known}.")
        return entry.tags[tag]

    def _candidates(self, entry: AsrEntry) -> tuple[str, ...]:
        if not self._options.household:
            return ()
        return tuple(
            entry.tags[tag] for tag in household_languages(self._options.household, entry.tags)
        )

    def _describe(self) -> Event:
        models = [
            AsrModel(
                name=entry.name,
                attribution=_WHISPER,
                installed=True,
                description=f"Whisper {entry.name}",
                version=None,
                languages=sorted(household_languages(self._options.household, entry.tags)),
            )
            for entry in self._entries.values()
        ]
        program = AsrProgram(
            name=PROGRAM,
            attribution=_PROJECT,
            installed=True,
            description="Speech to text with Whisper",
            version=__version__,
            models=models,
            supports_transcript_streaming=self._options.partial_text,
            requires_external_vad=self._options.endpoint_silence_s is None,
        )
        return Info(asr=[program]).event()


def _sensitivity(told: str | VadSensitivity | None) -> str | None:
    return told.value if isinstance(told, VadSensitivity) else told
