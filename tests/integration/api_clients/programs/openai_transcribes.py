"""Transcription with openai: formats of the answer, streams, uploads and refusals."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, OpenAI

from tests.integration.api_clients.programs.program import KEY, Found, main, refusal

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")


def work(base_url: str, speech: str, uploads: list[str], models: list[str]) -> Found:
    """Transcribe the file `speech` in every way, and each of `uploads` once."""
    with OpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        transcriptions = client.audio.transcriptions
        sound = Path(speech)
        formats = {each: _answer(transcriptions, sound, each) for each in FORMATS}
        timed = transcriptions.create(
            file=sound,
            model="whisper-1",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        nameless = io.BytesIO(sound.read_bytes())
        return {
            "formats": formats,
            "timed": timed.model_dump(),
            "streams": {model: _streamed(transcriptions, sound, model) for model in models},
            "async_stream": asyncio.run(_streamed_async(base_url, sound)),
            "uploads": {
                Path(name).name: transcriptions.create(file=Path(name), model="whisper-1").text
                for name in uploads
            },
            "nameless": transcriptions.create(file=nameless, model="whisper-1").text,
            "hints": transcriptions.create(
                file=sound,
                model="gpt-transcribe",
                prompt="A command for a smart home.",
                temperature=0.0,
                extra_body={"keywords": ["living room"], "languages": ["en"]},
            ).text,
            "refused": _refused(client, sound),
        }


def _answer(transcriptions: Any, sound: Path, response_format: str) -> Found:
    answer = transcriptions.create(file=sound, model="whisper-1", response_format=response_format)
    text = answer if isinstance(answer, str) else answer.text
    return {"class": type(answer).__name__, "text": text}


def _streamed(transcriptions: Any, sound: Path, model: str) -> list[Found]:
    return [
        event.model_dump() for event in transcriptions.create(file=sound, model=model, stream=True)
    ]


async def _streamed_async(base_url: str, sound: Path) -> list[Found]:
    async with AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        stream = await client.audio.transcriptions.create(
            file=sound, model="gpt-4o-transcribe", stream=True
        )
        return [event.model_dump() async for event in stream]


def _refused(client: OpenAI, sound: Path) -> dict[str, Found]:
    create: Any = client.audio.transcriptions.create

    def posted(content: bytes, content_type: str) -> Found:
        options: Any = {"headers": {"Content-Type": content_type}}
        return refusal(
            lambda: client.post(
                "/audio/transcriptions", cast_to=object, content=content, options=options
            )
        )

    return {
        "no sound": refusal(lambda: create(file=("a.wav", b"just words"), model="whisper-1")),
        "empty": refusal(lambda: create(file=("a.wav", b""), model="whisper-1")),
        "language": refusal(lambda: create(file=sound, model="whisper-1", language="qq")),
        "format": refusal(lambda: create(file=sound, model="whisper-1", response_format="docx")),
        "speakers": refusal(
            lambda: create(file=sound, model="whisper-1", response_format="diarized_json")
        ),
        "model": refusal(lambda: create(file=sound, model="nobody/nothing")),
        "no audio": posted(b'{"model": "whisper-1"}', "application/json"),
        "no form": posted(b"model=whisper-1", "application/x-www-form-urlencoded"),
        "translation": refusal(
            lambda: client.audio.translations.create(file=sound, model="whisper-1")
        ),
    }


if __name__ == "__main__":
    main(work)
