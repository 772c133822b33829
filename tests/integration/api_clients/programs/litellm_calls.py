"""Speech and transcription with LiteLLM."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import litellm

from tests.integration.api_clients.programs.program import KEY, Found, main


def work(asr_url: str, tts_url: str, asr_model: str, speech: str, text: str) -> Found:
    asr = {"api_base": asr_url, "api_key": KEY, "model": f"openai/{asr_model}"}
    sound = Path(speech).read_bytes()

    def heard(**options: Any) -> Any:
        return litellm.transcription(file=("speech.wav", sound), **{**asr, **options})

    spoken = litellm.speech(
        model="openai/tts-1", voice="alloy", input=text, api_base=tts_url, api_key=KEY
    )
    return {
        "default": heard().text,
        "whisper": heard(model="openai/whisper-1").model_dump(),
        "text": heard(response_format="text").text,
        "srt": heard(response_format="srt").text,
        "stream": asyncio.run(_streamed(asr_url, sound)),
        "speech": len(spoken.content),
    }


async def _streamed(url: str, sound: bytes) -> list[Found]:
    answer = await litellm.atranscription(
        model="openai/gpt-4o-transcribe",
        file=("speech.wav", sound),
        stream=True,
        api_base=url,
        api_key=KEY,
    )
    if hasattr(answer, "__aiter__"):
        return [event.model_dump() async for event in answer]
    return [answer.model_dump()]


if __name__ == "__main__":
    main(work)
