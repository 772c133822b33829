"""One response: a text, and its speech as events."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.codecs.resampling import StreamResampler
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.api_errors import describe
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket, new_id
from wyoming_voice_stack.http.api.realtime.session_config import (
    AUDIO_FORMAT,
    AUDIO_RATE,
    SpeechConfig,
)
from wyoming_voice_stack.http.api.speech.audio_stream import speak
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.reply import Reply

DELTA_BYTES = 2 * AUDIO_RATE // 5
"""Audio of one event: a fifth of a second."""


class SpokenResponse:
    """Sends the events of one response."""

    def __init__(
        self, socket: EventSocket, text: str, config: SpeechConfig, metadata: Mapping[str, str]
    ) -> None:
        """`metadata` is what the client wants to find in the events again."""
        self.id = new_id("resp")
        self.text = text
        self.config = config
        self._socket = socket
        self._metadata = metadata
        self._item_id = new_id("item")
        self._resampler: StreamResampler | None = None
        self._transcript_sent = False

    async def announce(self) -> None:
        """Send `response.created`; it can be cancelled from now on."""
        await self._socket.send("response.created", response=self._to_json("in_progress"))

    async def speak(self, reply: Reply) -> None:
        """Send the speech, and that the response is completed.

        Raises:
            VoiceStackError: the text cannot be spoken, or the engine failed.
        """
        async with aclosing(speak(reply, self.text)) as chunks:
            async for chunk in chunks:
                await self._send_audio(chunk.samples, chunk.sample_rate)
        if self._resampler is not None:
            await self._send_pcm(to_pcm16(self._resampler.finish()))
        await self._send_part("output_audio_transcript.done", transcript=self.text)
        await self._send_part("output_audio.done")
        await self._socket.send("response.done", response=self._to_json("completed"))

    async def send_cancelled(self) -> None:
        """Send that the client cancelled the response."""
        details = {"type": "cancelled", "reason": "client_cancelled"}
        await self._socket.send("response.done", response=self._to_json("cancelled", details))

    async def send_failed(self, error: VoiceStackError) -> None:
        """Send that the response failed."""
        details = {"type": "failed", "error": describe(error)}
        await self._socket.send("response.done", response=self._to_json("failed", details))

    async def _send_audio(self, samples: Samples, rate: int) -> None:
        if len(samples):
            if self._resampler is None:
                self._resampler = StreamResampler(rate, AUDIO_RATE)
            await self._send_pcm(to_pcm16(self._resampler.push(samples)))

    async def _send_pcm(self, pcm: bytes) -> None:
        for begin in range(0, len(pcm), DELTA_BYTES):
            delta = base64.b64encode(pcm[begin : begin + DELTA_BYTES]).decode("ascii")
            if not self._transcript_sent:
                self._transcript_sent = True
                await self._send_part("output_audio_transcript.delta", delta=self.text)
            await self._send_part("output_audio.delta", delta=delta)

    async def _send_part(self, kind: str, **fields: str) -> None:
        await self._socket.send(
            f"response.{kind}",
            response_id=self.id,
            item_id=self._item_id,
            output_index=0,
            content_index=0,
            **fields,
        )

    def _to_json(self, status: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
        output: list[dict[str, Any]] = []
        if status == "completed":
            content = [{"type": "output_audio", "transcript": self.text}]
            output = [
                {
                    "id": self._item_id,
                    "object": "realtime.item",
                    "type": "message",
                    "status": status,
                    "role": "assistant",
                    "content": content,
                }
            ]
        return {
            "id": self.id,
            "object": "realtime.response",
            "status": status,
            "status_details": details,
            "output": output,
            "metadata": dict(self._metadata) or None,
            "output_modalities": ["audio"],
            "audio": {"output": {"format": AUDIO_FORMAT, "voice": self.config.voice}},
        }
