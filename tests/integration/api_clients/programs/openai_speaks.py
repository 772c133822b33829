"""Speech with openai: every format, streamed by both clients, and refusals."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI, OpenAI

from tests.integration.api_clients.programs.program import KEY, Found, main, refusal

FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


def work(base_url: str, text: str, folder: str) -> Found:
    """Write the speech in each format to `folder`, as sync.FORMAT and async.FORMAT."""
    with OpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        sync = {each: _speech(client, text, each, Path(folder)) for each in FORMATS}
        refused = _refused(client)
        plain = client.audio.speech.create(input=".", model="tts-1", voice="alloy")
        quick = client.audio.speech.create(
            input=text, model="tts-1", voice="alloy", response_format="pcm", speed=2.0
        )
        known = client.audio.speech.create(
            input=text, model="tts-1", voice={"id": "alloy"}, response_format="pcm"
        )
    return {
        "sync": sync,
        "async": asyncio.run(_all_speech(base_url, text, Path(folder))),
        "refused": refused,
        "punctuation": len(plain.content),
        "quick": len(quick.content),
        "known": len(known.content),
    }


def _speech(client: OpenAI, text: str, response_format: Any, folder: Path) -> Found:
    with client.audio.speech.with_streaming_response.create(
        input=text, model="gpt-4o-mini-tts", voice="marin", response_format=response_format
    ) as answer:
        answer.stream_to_file(folder / f"sync.{response_format}")
        return _headers(answer)


async def _all_speech(base_url: str, text: str, folder: Path) -> dict[str, Found]:
    async with AsyncOpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:

        async def speech(response_format: Any) -> Found:
            async with client.audio.speech.with_streaming_response.create(
                input=text, model="tts-1-hd", voice="onyx", response_format=response_format
            ) as answer:
                await answer.stream_to_file(folder / f"async.{response_format}")
                return _headers(answer)

        return dict(zip(FORMATS, await asyncio.gather(*map(speech, FORMATS)), strict=True))


def _headers(answer: Any) -> Found:
    names = ("content-type", "x-request-id", "transfer-encoding")
    return {name: answer.headers.get(name) for name in names}


def _refused(client: OpenAI) -> dict[str, Found]:
    def asked(**fields: Any) -> Found:
        whole: Any = {"input": "Hello.", "model": "tts-1", "voice": "alloy", **fields}
        return refusal(lambda: client.audio.speech.create(**whole))

    def posted(content: bytes, content_type: str = "application/json") -> Found:
        return refusal(
            lambda: client.post(
                "/audio/speech",
                cast_to=object,
                content=content,
                options={"headers": {"Content-Type": content_type}},
            )
        )

    return {
        "voice": asked(voice="nobody"),
        "format": asked(response_format="docx"),
        "speed": asked(speed=9.0),
        "input": asked(input=""),
        "long": asked(input="a" * 100_001),
        "model": asked(model="nobody/nothing"),
        "broken": posted(b"{"),
        "form": posted(b"input=Hello", "application/x-www-form-urlencoded"),
    }


if __name__ == "__main__":
    main(work)
