"""Speech with LiveKit's plugin, which works with both releases of it."""

from __future__ import annotations

import wave
from pathlib import Path

from livekit.agents.utils import http_context
from livekit.plugins import openai

from tests.integration.api_clients.programs.program import KEY, Found, main


async def work(base_url: str, text: str, folder: str, models: list[str]) -> Found:
    """Write what each model says to `folder`, as MODEL.wav."""
    async with http_context.open():
        return {model: await _said(base_url, model, text, Path(folder)) for model in models}


async def _said(base_url: str, model: str, text: str, folder: Path) -> Found:
    speaker = openai.TTS(base_url=base_url, api_key=KEY, model=model)
    speaker.prewarm()
    frame = await speaker.synthesize(text).collect()
    await speaker.aclose()
    with wave.open(str(folder / f"{model}.wav"), "wb") as file:
        file.setparams((frame.num_channels, 2, frame.sample_rate, 0, "NONE", ""))
        file.writeframes(frame.data.tobytes())
    return {"seconds": frame.duration}


if __name__ == "__main__":
    main(work)
