"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from aiohttp import web

from wyoming_voice_stack.asr.engine import Task
from wyoming_voice_stack.asr.segments import join_segments
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement
from wyoming_voice_stack.asr.utterance import Utterance
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.errors import UnsupportedAudio, VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, describe
from wyoming_voice_stack.http.api.body_budget import BodyBudget, json_budget
from wyoming_voice_stack.http.api.names import asr_model
from wyoming_voice_stack.http.api.requests import connection_name, read_json, require_size
from wyoming_voice_stack.http.api.streaming import open_stream, send
from wyoming_voice_stack.http.api.transcription.file_feed import FileFeed
from wyoming_voice_stack.http.api.transcription.transcription_answers import (
    JSON_TYPE,
    Transcript,
    body_of,
    content_type,
    usage_of,
)
from wyoming_voice_stack.http.api.transcription.transcription_fields import (
    TranscriptionFields,
    read_fields,
    read_json_fields,
)
from wyoming_voice_stack.http.api.uploads import LESS_UPLOADED, received_form
from wyoming_voice_stack.machine.growing_buffer import Content
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
MAX_JSON_FIELD_BYTES = 64 * 1024
"""What the fields besides the file may add to a JSON body."""
MAX_JSON_UPLOAD_BYTES = 12 * 1024 * 1024
"""Largest JSON body: five minutes of 16 kHz WAV. Larger files come in a form, which is read in pieces; JSON and
base64 are decoded whole, in one turn of the event loop each."""
MAX_JSON_UPLOAD_VALUES = MAX_JSON_FIELD_BYTES
"""Commas and brackets of a JSON body; the file in base64 has none."""


class TranscriptionApi:
    """Transcribes uploaded files with the service that Wyoming uses, in the same queue."""

    def __init__(
        self,
        service: AsrService,
        uploads: BodyBudget,
        metrics: Metrics,
        *,
        max_upload_bytes: int,
    ) -> None:
        """`uploads` is the memory for the files of all requests."""
        self._service = service
        self._uploads = uploads
        self._json_bodies = json_budget()
        self._metrics = metrics
        self._max_upload_bytes = max_upload_bytes
        self._feed = FileFeed()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of both tasks."""
        return [
            web.post(TRANSCRIPTIONS, self._transcribe),
            web.post(TRANSLATIONS, self._translate),
        ]

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        async with self._received(request) as (fields, file):
            asked = self._utterance_request(fields, "transcribe")
            if fields.stream:
                return await self._stream(request, asked, file)
            return await self._whole(request, asked, fields, file)

    async def _translate(self, request: web.Request) -> web.StreamResponse:
        async with self._received(request) as (fields, file):
            asked = self._utterance_request(fields, "translate")
            return await self._whole(request, asked, fields, file)

    @asynccontextmanager
    async def _received(
        self, request: web.Request
    ) -> AsyncIterator[tuple[TranscriptionFields, Content]]:
        """Read the request; the memory of its file is given back at the end."""
        if request.content_type == JSON_TYPE:
            async with self._received_json(request) as (fields, data):
                yield fields, _required(data, "input_audio")
            return
        limit = self._max_upload_bytes
        async with received_form(request, self._uploads, max_file_bytes=limit) as form:
            file = form.file.data if form.file is not None else None
            yield read_fields(form.fields), _required(file, "file")

    @asynccontextmanager
    async def _received_json(
        self, request: web.Request
    ) -> AsyncIterator[tuple[TranscriptionFields, bytes | None]]:
        # Base64 needs four bytes for three.
        limit = min(self._max_upload_bytes * 4 // 3 + MAX_JSON_FIELD_BYTES, MAX_JSON_UPLOAD_BYTES)
        remedy = LESS_UPLOADED if limit < MAX_JSON_UPLOAD_BYTES else "send the file in a form"
        require_size(request, limit, remedy)
        fields, data = read_json_fields(
            await read_json(
                *(request, limit, self._json_bodies),
                max_values=MAX_JSON_UPLOAD_VALUES,
                remedy=remedy,
            )
        )
        memory = self._uploads.open()
        try:
            memory.add(len(data or b""))
            yield fields, data
        finally:
            memory.close()

    def _utterance_request(self, fields: TranscriptionFields, task: Task) -> UtteranceRequest:
        model = asr_model(fields.model, self._service.models)
        if task == "translate":
            model = self._translating(model)
        return UtteranceRequest(
            model=model,
            language=fields.language,
            languages=fields.languages,
            terms=fields.keywords,
            prompt=fields.prompt,
            task=task,
            word_times=fields.word_times,
            household_names=fields.household_names,
        )

    def _translating(self, model: str | None) -> str:
        able = [card.name for card in self._service.models if card.translates]
        if model is None and able:
            return able[0]
        asked = self._service.model_name(model)
        if asked not in able:
            instead = (
                f"Use {', '.join(able)}."
                if able
                else "Set ASR_MODEL to a multilingual model other than turbo, such as small."
            )
            raise InvalidField(
                f"Model {asked!r} is not trained to translate. {instead}",
                param="model",
                code="unsupported_value",
            )
        return asked

    async def _whole(
        self,
        request: web.Request,
        asked: UtteranceRequest,
        fields: TranscriptionFields,
        file: Content,
    ) -> web.Response:
        async with self._fed(asked, file) as utterance:
            await utterance.finish()
            transcript = self._note(request, asked, utterance)
            return web.Response(
                text=body_of(transcript, fields),
                content_type=content_type(fields.format),
                charset="utf-8",
            )

    async def _stream(
        self, request: web.Request, asked: UtteranceRequest, file: Content
    ) -> web.StreamResponse:
        agreed = LocalAgreement()
        response: web.StreamResponse | None = None
        async with self._fed(asked, file) as utterance:
            try:
                async with aclosing(utterance.finish_by_segment()) as segments:
                    async for _ in segments:
                        so_far = join_segments(utterance.segments)
                        new = agreed.finish(so_far.text, so_far.language)
                        if new:
                            response = response or await _open_events(request)
                            await _send(response, type="transcript.text.delta", delta=new)
            except VoiceStackError as error:
                if response is None:
                    raise
                self._metrics.errors.labels(error.code).inc()
                _LOGGER.warning("[%s] cut off: %s", connection_name(request), error)
                # The client has the beginning of the text, and must learn that it is not all.
                await _send(response, error=describe(error))
                return response
            transcript = self._note(request, asked, utterance)
            response = response or await _open_events(request)
            await _send(
                response,
                type="transcript.text.done",
                text=transcript.text,
                usage=usage_of(transcript),
            )
            return response

    @asynccontextmanager
    async def _fed(self, asked: UtteranceRequest, file: Content) -> AsyncIterator[Utterance]:
        """Open an utterance with the audio of a file; its jobs end when the client leaves."""
        utterance = self._service.open_utterance(asked)
        try:
            try:
                await self._feed.feed(file, utterance)
            except UnsupportedAudio as error:
                raise _not_audio(str(error)) from error
            yield utterance
        finally:
            utterance.close()

    def _note(
        self, request: web.Request, asked: UtteranceRequest, utterance: Utterance
    ) -> Transcript:
        segments = tuple(one for one in utterance.segments if one.text)
        transcript = Transcript(segments, utterance.seconds, asked.task or "transcribe")
        name = connection_name(request)
        _LOGGER.info("[%s] %s", name, utterance.summary)
        _LOGGER.debug("[%s] transcript: %s", name, transcript.text)
        return transcript


def _required(file: Content | None, field: str) -> Content:
    if file is None:
        raise InvalidField(
            "The request has no audio; send it in the field 'file' of a form, or in JSON as"
            " 'input_audio'.",
            param=field,
            code="missing_required_parameter",
        )
    if not file:
        raise _not_audio("The file is empty.")
    return file


def _not_audio(message: str) -> InvalidField:
    return InvalidField(message, param="file", code="unsupported_audio")


async def _open_events(request: web.Request) -> web.StreamResponse:
    return await open_stream(request, "text/event-stream")


async def _send(response: web.StreamResponse, **event: Any) -> None:
    await send(response, f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
