"""A session that transcribes the audio of a client while it arrives."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

from wyoming_voice_stack.asr.engine import Transcription
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, describe
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.language_names import language_tag
from wyoming_voice_stack.http.api.names import asr_model
from wyoming_voice_stack.http.api.realtime.client_events import ClientEvent, Fields, decode_audio
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.api.realtime.input_buffer import STEP_BYTES, InputBuffer
from wyoming_voice_stack.http.api.realtime.input_item import BYTES_PER_SECOND, InputItem
from wyoming_voice_stack.http.api.realtime.session_config import TranscriptionConfig, TurnDetection
from wyoming_voice_stack.http.api.realtime.turn_detection import Turn, turn_of
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

MAX_UNANSWERED_ITEMS = 4
"""Utterances of one session that wait for their text; beyond it, the server reads no further audio."""
MAX_UNSEARCHED_SECONDS = 60.0
"""Audio in which no speech was looked for, because the model is not loaded. The server commits it, so that
the client gets the text later, or learns why there is none."""
_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_SPEECH_EVENTS = ("response.", "conversation.item.", "output_audio_buffer.")


@dataclass(frozen=True)
class TranscriptionMode:
    """What an `asr` process does on the WebSocket."""

    service: AsrService
    elsewhere: Elsewhere
    metrics: Metrics
    type = "transcription"

    def check_model(self, name: str | None) -> None:
        """Accept the model that a request names, or raise `UnknownModel`."""
        self.service.resolve(UtteranceRequest(model=asr_model(name, self.service.models)))

    def open_session(
        self, model: str | None, socket: EventSocket, name: str, tasks: asyncio.TaskGroup
    ) -> TranscriptionSession:
        """Open the session of the client `name`, whose tasks belong to `tasks`."""
        return TranscriptionSession(
            self.service,
            self.elsewhere,
            self.metrics,
            model=model,
            socket=socket,
            connection_name=name,
            tasks=tasks,
        )


class TranscriptionSession:
    """Answers the events of one client, in their order."""

    def __init__(
        self,
        service: AsrService,
        elsewhere: Elsewhere,
        metrics: Metrics,
        *,
        model: str | None,
        socket: EventSocket,
        connection_name: str,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """`model` is the name in the request; `tasks` has an end when the client leaves."""
        self._service = service
        self._elsewhere = elsewhere
        self._socket = socket
        self._name = connection_name
        self._metrics = metrics
        self._tasks = tasks
        self._config = TranscriptionConfig(model=model)
        self._buffer = InputBuffer(service, self._resolve(self._config))
        self._refusal: VoiceStackError | None = None
        """Why audio is ignored until the next commit."""
        self._last_item_id: str | None = None
        self._unanswered: deque[asyncio.Task[None]] = deque()

    def to_json(self) -> dict[str, Any]:
        """Return the settings as clients know them."""
        return self._config.to_json()

    @property
    def busy(self) -> bool:
        """True while an utterance has begun whose text was not sent."""
        item = self._buffer.item
        return bool(self._unanswered) or (item is not None and not item.is_silent)

    async def handle(self, event: ClientEvent) -> None:
        """Answer one event.

        Raises:
            VoiceStackError: the event cannot be served; the session continues.
        """
        if event.type == "input_audio_buffer.append":
            await self._append(decode_audio(event.fields))
        elif event.type == "input_audio_buffer.commit":
            await self._commit_by_client()
        elif event.type == "input_audio_buffer.clear":
            self._refusal = None
            self._buffer.clear()
            await self._socket.send("input_audio_buffer.cleared")
        elif event.type.startswith(_SPEECH_EVENTS):
            raise self._elsewhere.refusal(event.type)
        else:
            raise InvalidField(f"Unknown event type {event.type!r}.", param="type")

    async def update(self, session: Fields) -> None:
        """Change the settings by a `session.update`; an utterance with speech keeps its own.

        Raises:
            VoiceStackError: they are wrong, and nothing has changed.
        """
        config = self._config.update(session)
        request = self._resolve(config)
        self._config = config
        detection = config.turn_detection or TurnDetection()
        await self._buffer.use(request, repeat_s=detection.padding_ms / 1000)

    def close(self) -> None:
        """Stop the engine's work for this client."""
        self._buffer.discard()
        for task in self._unanswered:
            task.cancel()

    def _resolve(self, config: TranscriptionConfig) -> UtteranceRequest:
        request = UtteranceRequest(
            model=asr_model(config.model, self._service.models),
            language=None if config.language is None else language_tag(config.language),
            languages=tuple(map(language_tag, config.languages)),
            prompt=config.prompt,
            terms=config.keywords,
        )
        # An unknown model or language is reported now, not with the first audio.
        self._service.resolve(request)
        return request

    async def _append(self, audio: bytes) -> None:
        for step in self._buffer.steps(audio):
            await self._push(step)

    async def _push(self, audio: bytes) -> None:
        detection = self._config.turn_detection
        if self._refusal is not None and detection is None:
            return
        try:
            item, words = await self._buffer.push(audio)
        except VoiceStackError as error:
            self._refusal = error
            raise
        self._refusal = None
        if words:
            await self._send_delta(item, words)
        if detection is not None:
            await self._detect(item, detection)

    async def _detect(self, item: InputItem, detection: TurnDetection) -> None:
        """Tell the client when speech begins and ends, and commit it at its end."""
        padding_s = detection.padding_ms / 1000
        limit_s = self._service.max_utterance_s - 2 * STEP_BYTES / BYTES_PER_SECOND
        activity = item.activity
        turn = turn_of(activity, detection, limit_s)
        if turn is Turn.SILENT:
            self._buffer.skip(repeat_s=padding_s)
        if activity is None and item.received_s >= MAX_UNSEARCHED_SECONDS:
            await self._commit(item, repeat_s=0.0)
        if activity is None or turn in {Turn.WAITING, Turn.SILENT}:
            return
        if not item.speech_started:
            item.speech_started = True
            await self._socket.send(
                "input_audio_buffer.speech_started",
                audio_start_ms=_milliseconds(item.speech_start_s),
                item_id=item.id,
            )
        if turn is Turn.OVER:
            await self._socket.send(
                "input_audio_buffer.speech_stopped",
                audio_end_ms=_milliseconds(self._buffer.received_s),
                item_id=item.id,
            )
            # Not more than the silence: the end of the speech must not be heard twice.
            await self._commit(item, repeat_s=min(padding_s, activity.silence_s))

    async def _commit_by_client(self) -> None:
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise refusal
        item = self._buffer.item
        if item is None:
            raise InvalidField(
                "The audio buffer is empty; append audio before you commit it.",
                code="input_audio_buffer_commit_empty",
            )
        await self._commit(item, repeat_s=0.0)

    async def _commit(self, item: InputItem, *, repeat_s: float) -> None:
        previous, self._last_item_id = self._last_item_id, item.id
        await self._socket.send(
            "input_audio_buffer.committed", item_id=item.id, previous_item_id=previous
        )
        self._buffer.next(repeat_s=repeat_s)
        before = self._unanswered[-1] if self._unanswered else None
        task = self._tasks.create_task(self._transcribe(item, before), name=f"{self._name} text")
        self._unanswered.append(task)
        task.add_done_callback(partial(self._answered, item))
        if len(self._unanswered) > MAX_UNANSWERED_ITEMS:
            await asyncio.wait({self._unanswered[0]})

    def _answered(self, item: InputItem, task: asyncio.Task[None]) -> None:
        # Not at the end of the task itself, which may be cancelled before its first step.
        self._unanswered.remove(task)
        item.close()

    async def _transcribe(self, item: InputItem, before: asyncio.Task[None] | None) -> None:
        """Send the text of an utterance, after that of the one before."""
        try:
            try:
                result, rest = await item.finish()
            finally:
                if before is not None:
                    await asyncio.wait({before})
        except VoiceStackError as error:
            self._metrics.errors.labels(error.code).inc()
            _LOGGER.warning("[%s] %s: %s", self._name, error.code, error)
            await self._socket.send(
                f"{_TRANSCRIPTION}.failed",
                item_id=item.id,
                content_index=0,
                error=describe(error),
            )
            return
        if rest:
            await self._send_delta(item, rest)
        await self._send_completed(item, result)
        _LOGGER.info("[%s] %s", self._name, item.summary)
        _LOGGER.debug("[%s] transcript: %s", self._name, result.text)

    async def _send_delta(self, item: InputItem, words: str) -> None:
        await self._socket.send(
            f"{_TRANSCRIPTION}.delta", item_id=item.id, content_index=0, delta=words
        )

    async def _send_completed(self, item: InputItem, result: Transcription) -> None:
        languages = [{"code": to_tag(result.language)}] if result.language else []
        await self._socket.send(
            f"{_TRANSCRIPTION}.completed",
            item_id=item.id,
            content_index=0,
            transcript=result.text,
            languages=languages,
            usage={"type": "duration", "seconds": round(item.received_s, 3)},
        )


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
