"""A session that speaks the texts of a client."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.errors import Busy, VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.names import VoiceNames, tts_model
from wyoming_voice_stack.http.api.realtime.client_events import (
    MAX_ID_CHARACTERS,
    ClientEvent,
    Fields,
)
from wyoming_voice_stack.http.api.realtime.conversation import (
    MAX_PARTS,
    MAX_TEXT_CHARACTERS,
    Conversation,
    spoken_text,
)
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.api.realtime.session_config import SpeechConfig
from wyoming_voice_stack.http.api.realtime.spoken_response import SpokenResponse
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.service import TtsService

_LOGGER = logging.getLogger(__name__)

MAX_RESPONSES = 8
"""Responses of one session that are spoken or wait for the one before."""


@dataclass
class _Running:
    """A response that is not complete."""

    response: SpokenResponse
    task: asyncio.Task[None] | None = None
    cancelled: bool = False
    """True once the client has cancelled it."""


@dataclass(frozen=True)
class SpeechMode:
    """What a `tts` process does on the WebSocket."""

    service: TtsService
    voices: VoiceNames
    elsewhere: Elsewhere
    metrics: Metrics
    type = "realtime"

    def check_model(self, name: str | None) -> None:
        """Accept the model that a request names, or raise `UnknownModel`."""
        tts_model(name, self.service.status().model)

    def open_session(
        self, model: str | None, socket: EventSocket, name: str, tasks: asyncio.TaskGroup
    ) -> SpeechSession:
        """Open the session of the client `name`, whose tasks belong to `tasks`."""
        del model
        return SpeechSession(
            self.service,
            self.voices,
            self.elsewhere,
            self.metrics,
            socket=socket,
            connection_name=name,
            tasks=tasks,
        )


class SpeechSession:
    """Answers the events of one client. Responses are spoken one after the other."""

    def __init__(
        self,
        service: TtsService,
        voices: VoiceNames,
        elsewhere: Elsewhere,
        metrics: Metrics,
        *,
        socket: EventSocket,
        connection_name: str,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """`tasks` has an end when the client leaves."""
        self._service = service
        self._voices = voices
        self._elsewhere = elsewhere
        self._socket = socket
        self._name = connection_name
        self._metrics = metrics
        self._tasks = tasks
        self._config = SpeechConfig()
        self._conversation = Conversation()
        self._running: deque[_Running] = deque()

    def to_json(self) -> dict[str, Any]:
        """Return the settings as clients know them."""
        return self._config.to_json()

    @property
    def busy(self) -> bool:
        """True while a response is not complete."""
        return bool(self._running)

    async def update(self, session: Fields) -> None:
        """Change the settings by a `session.update`; later responses have them.

        Raises:
            VoiceStackError: they are wrong, and nothing has changed.
        """
        self._config = await self._checked(self._config.update(session))

    async def handle(self, event: ClientEvent) -> None:
        """Answer one event.

        Raises:
            VoiceStackError: the event cannot be served; the session continues.
        """
        if event.type == "response.create":
            await self._create(event.fields.inner("response"))
        elif event.type == "response.cancel":
            self._cancel(event.fields.text("response_id", limit=MAX_ID_CHARACTERS))
        elif event.type == "conversation.item.create":
            added = self._conversation.add(event.fields.inner("item"))
            await self._socket.send("conversation.item.added", **added)
            await self._socket.send("conversation.item.done", **added)
        elif event.type == "conversation.item.delete":
            item_id = event.fields.text("item_id", limit=MAX_ID_CHARACTERS)
            self._conversation.delete(item_id)
            await self._socket.send("conversation.item.deleted", item_id=item_id)
        elif event.type == "input_audio_buffer.clear":
            await self._socket.send("input_audio_buffer.cleared")
        elif event.type.startswith("input_audio_buffer."):
            raise self._elsewhere.refusal(event.type)
        else:
            raise InvalidField(f"Unknown event type {event.type!r}.", param="type")

    def close(self) -> None:
        """Stop the engine's work for this client."""
        for running in self._running:
            if running.task is not None:
                running.task.cancel()

    async def _checked(self, config: SpeechConfig) -> SpeechConfig:
        # An unknown voice is reported now, not with the first text.
        await self._service.voices.select(self._voices.resolve(config.voice))
        return config

    async def _create(self, given: Fields) -> None:
        config = await self._checked(self._config.update(given))
        items = given.objects("input", limit=MAX_PARTS)
        text = self._conversation.take() if items is None else spoken_text(items)
        if not text:
            raise InvalidField(
                "There is no text to speak; send it as input_text of a user message.",
                param=given.param("input"),
            )
        characters = sum(len(running.response.text) for running in self._running) + len(text)
        if len(self._running) >= MAX_RESPONSES or characters > MAX_TEXT_CHARACTERS:
            raise Busy("Too many responses of this session wait already; wait for response.done.")
        metadata = given.labels("metadata")
        running = _Running(SpokenResponse(self._socket, text, config, metadata))
        await running.response.announce()
        before = self._running[-1].task if self._running else None
        self._running.append(running)
        running.task = self._tasks.create_task(
            self._speak(running, before), name=f"{self._name} speech"
        )
        # A task that is cancelled before its first step could not say that it was cancelled.
        await asyncio.sleep(0)

    def _cancel(self, response_id: str | None) -> None:
        for running in self._running:
            matches = response_id in {None, running.response.id}
            if matches and not running.cancelled and running.task is not None:
                running.cancelled = True
                running.task.cancel()
                return
        raise InvalidField(
            "No such response is in progress.",
            param="response_id",
            code="response_cancel_not_active",
        )

    async def _speak(self, running: _Running, before: asyncio.Task[None] | None) -> None:
        """Speak a response after the one before."""
        response = running.response
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._reply(response)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not running.cancelled or (task is not None and task.uncancel()):
                raise
            await response.send_cancelled()
        except VoiceStackError as error:
            self._metrics.errors.labels(error.code).inc()
            _LOGGER.warning("[%s] %s: %s", self._name, error.code, error)
            await response.send_failed(error)
        finally:
            self._running.remove(running)

    async def _reply(self, response: SpokenResponse) -> None:
        config = response.config
        reply = await self._service.open_reply(
            self._voices.resolve(config.voice), self._name, speed=config.speed
        )
        try:
            await response.speak(reply)
        finally:
            reply.close()
