"""The transcription API on a real port, over a service whose engine says what a test wants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import numpy as np

from tests.support.asr_client import OPTIONS, serving
from tests.support.audio_file_formats import audio_file
from tests.support.fakes import FakeRecognizer
from tests.support.http_api import serving_api
from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Confidence,
    Samples,
    Speech,
    TimedWord,
    Transcription,
)
from wyoming_voice_stack.asr.service import AsrOptions, AsrService, NameSource
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.http.api.body_budget import BodyBudget
from wyoming_voice_stack.http.api.transcription.transcription_api import (
    TRANSCRIPTIONS,
    TranscriptionApi,
)
from wyoming_voice_stack.metrics import Metrics

MAX_UPLOAD_BYTES = 256 * 1024
UPLOADS_BYTES = 1024 * 1024
FIGURES = Confidence(-0.25, 0.01, 1.5)


BOUNDARY = "boundary-of-the-form"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class TellingRecognizer(FakeRecognizer):
    """Says one text after the other; of a text whose words have times, each lasts a fifth of a second."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self._texts = list(texts)

    def transcribe_one(self, speech: Speech) -> Transcription:
        text = self._texts.pop(0) if self._texts else "Hello there."
        words = tuple(
            TimedWord(word, 0.2 * number, 0.2 * (number + 1))
            for number, word in enumerate(text.split())
        )
        return Transcription(
            text,
            speech.request.language or "en",
            words if speech.request.word_times else (),
            FIGURES,
        )


@dataclass(frozen=True)
class Answer:
    """A response with its whole body."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error

    @property
    def events(self) -> list[dict[str, Any]]:
        parts = self.body.split("\n\n")
        assert parts.pop() == ""
        assert all(part.startswith("data: ") for part in parts)
        return [json.loads(part.removeprefix("data: ")) for part in parts]


@dataclass(frozen=True)
class Caller:
    """A client of the API."""

    http: aiohttp.ClientSession
    url: str
    service: AsrService
    uploads: BodyBudget
    metrics: Metrics

    @property
    def queued_jobs(self) -> int:
        return self.service.resolve(UtteranceRequest()).worker.queued_jobs

    async def upload(
        self,
        file: bytes | None,
        fields: Sequence[tuple[str, str]] = (),
        *,
        path: str = TRANSCRIPTIONS,
        file_first: bool = False,
        name: str = "upload",
    ) -> Answer:
        """Send a form, with the file last unless `file_first`."""
        parts = [_part(field, value.encode()) for field, value in fields]
        if file is not None:
            parts.insert(0 if file_first else len(parts), _part("file", file, name))
        body = b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
        return await self.post(body, path=path, headers={"Content-Type": FORM_TYPE})

    async def post(self, data: Any = None, *, path: str = TRANSCRIPTIONS, **options: Any) -> Answer:
        async with self.http.post(f"{self.url}{path}", data=data, **options) as answer:
            return Answer(answer.status, answer.headers, await answer.text())


def _part(field: str, content: bytes, file_name: str | None = None) -> bytes:
    name = "" if file_name is None else f'; filename="{file_name}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
    return head.encode() + content + b"\r\n"


@asynccontextmanager
async def transcribing(
    engine: FakeRecognizer,
    options: AsrOptions | None = None,
    name_source: NameSource | None = None,
    **more: Any,
) -> AsyncIterator[Caller]:
    options = options or replace(OPTIONS, max_utterance_s=600)
    async with serving(engine, options, name_source=name_source) as service:
        uploads = BodyBudget(UPLOADS_BYTES)
        metrics = Metrics()
        api = TranscriptionApi(service, uploads, metrics, max_upload_bytes=MAX_UPLOAD_BYTES)
        async with serving_api(api.routes(), **more) as running:
            yield Caller(
                running.http, f"http://127.0.0.1:{running.port}", service, uploads, metrics
            )
        assert uploads.used_bytes == 0


def spoken(*parts_s: float) -> Samples:
    """Audio that fakes take for speech: parts in seconds, with silence of a minute between them."""
    pause = np.zeros(60 * SAMPLE_RATE, np.float32)
    loud = [np.full(round(part * SAMPLE_RATE), 0.4, np.float32) for part in parts_s]
    return np.concatenate([piece for part in loud for piece in (pause, part)][1:])


def spoken_file(*parts_s: float, kind: str = "flac") -> bytes:
    return audio_file(kind, spoken(*(parts_s or (0.5,))))
