"""Pipecat's three OpenAI services, each in a pipeline of its own."""

from __future__ import annotations

import asyncio
import wave
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    InputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStoppedFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.services.openai.stt import OpenAIRealtimeSTTService, OpenAISTTService
from pipecat.services.openai.tts import OpenAITTSService
from pipecat.workers.runner import WorkerRunner

from tests.integration.api_clients.programs.program import KEY, Found, main

RATE = 16000
OUTPUT_RATE = 24000
FRAME_BYTES = RATE // 50 * 2
PIPELINE_SECONDS = 300.0


async def work(asr_url: str, tts_url: str, speech: str, text: str, said: str) -> Found:
    """Transcribe the file `speech` in both ways; write the spoken `text` to the file `said`."""
    with wave.open(speech) as file:
        pcm = file.readframes(file.getnframes())
    spoken = [
        VADUserStartedSpeakingFrame(),
        *(
            InputAudioRawFrame(pcm[start : start + FRAME_BYTES], RATE, 1)
            for start in range(0, len(pcm), FRAME_BYTES)
        ),
        VADUserStoppedSpeakingFrame(),
    ]
    hearing = OpenAISTTService(api_key=KEY, base_url=asr_url)
    live = OpenAIRealtimeSTTService(
        api_key=KEY, base_url=f"{asr_url.replace('http', 'ws', 1)}/realtime"
    )
    speaking = OpenAITTSService(api_key=KEY, base_url=tts_url)
    heard = await _frames(hearing, spoken, TranscriptionFrame)
    heard_live = await _frames(live, spoken, TranscriptionFrame)
    sound = await _frames(speaking, [TTSSpeakFrame(text)], TTSStoppedFrame)
    played = b"".join(frame.audio for frame in sound if isinstance(frame, TTSAudioRawFrame))
    with wave.open(said, "wb") as output:
        output.setparams((1, 2, OUTPUT_RATE, 0, "NONE", ""))
        output.writeframes(played)
    return {
        "heard": [frame.text for frame in heard if isinstance(frame, TranscriptionFrame)],
        "heard_live": [frame.text for frame in heard_live if isinstance(frame, TranscriptionFrame)],
        "errors": [
            frame.error for frame in (*heard, *heard_live, *sound) if isinstance(frame, ErrorFrame)
        ],
    }


async def _frames(service: Any, given: list[Any], last: type) -> list[Any]:
    """Send frames through a service; return what it pushes until the frame of type `last`."""
    pushed: list[Any] = []
    ended = asyncio.Event()
    worker = PipelineWorker(
        Pipeline([service]),
        cancel_on_idle_timeout=False,
        enable_rtvi=False,
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=OUTPUT_RATE),
    )

    @service.event_handler("on_before_push_frame")  # type: ignore[untyped-decorator]
    async def _push(_service: Any, frame: Any) -> None:
        pushed.append(frame)
        if isinstance(frame, last | ErrorFrame):
            ended.set()

    @worker.event_handler("on_pipeline_started")  # type: ignore[untyped-decorator]
    async def _start(_worker: Any, _frame: Any) -> None:
        started.set()

    started = asyncio.Event()

    async def feed() -> None:
        await started.wait()
        for frame in given:
            await worker.queue_frame(frame)
        await ended.wait()
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    async with asyncio.timeout(PIPELINE_SECONDS):
        await asyncio.gather(runner.run(), feed())
    return pushed


if __name__ == "__main__":
    main(work)
