"""The audio that a client has appended since its last commit."""

from __future__ import annotations

from collections.abc import Iterator

from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.realtime.input_item import BYTES_PER_SECOND, InputItem

STEP_BYTES = BYTES_PER_SECOND // 10
"""Audio after which the server looks for the end of an utterance."""
RECENT_SECONDS = 1.0
"""How much of the last audio is kept to be repeated."""
_SAMPLE_BYTES = 2


class InputBuffer:
    """Passes audio to the item of the current utterance, which it opens with the first audio.

    The server detects speech some tenths of a second late, and may end an utterance while the next one
    begins. So the next utterance can repeat the end of the audio before it.
    """

    def __init__(self, service: AsrService, request: UtteranceRequest) -> None:
        self._service = service
        self._request = request
        self._half_sample = b""
        self._recent = b""
        self._received_bytes = 0
        self.item: InputItem | None = None
        """The current utterance; None before its first audio."""

    @property
    def received_s(self) -> float:
        """Duration of all audio of the session."""
        return self._received_bytes / BYTES_PER_SECOND

    def steps(self, audio: bytes) -> Iterator[bytes]:
        """Cut a piece of any length into steps of whole samples."""
        whole = self._half_sample + audio
        end = len(whole) - len(whole) % _SAMPLE_BYTES
        self._half_sample = whole[end:]
        for begin in range(0, end, STEP_BYTES):
            yield whole[begin : min(begin + STEP_BYTES, end)]

    async def push(self, audio: bytes) -> tuple[InputItem, str]:
        """Add whole samples; return the utterance, and words of it that are now certain.

        Raises:
            VoiceStackError: the audio exceeds a limit; the utterance is discarded.
        """
        try:
            item = self.item or await self._open()
            self._received_bytes += len(audio)
            self._recent = (self._recent + audio)[-round(RECENT_SECONDS * BYTES_PER_SECOND) :]
            return item, await item.push(audio)
        except VoiceStackError:
            # What follows would be the middle of an utterance whose begin is lost.
            self.discard()
            raise

    def next(self, *, repeat_s: float) -> None:
        """Begin the next utterance; it repeats the last `repeat_s` of the audio."""
        self.item = None
        kept = _SAMPLE_BYTES * int(repeat_s * BYTES_PER_SECOND / _SAMPLE_BYTES)
        self._recent = self._recent[-kept:] if kept else b""

    def skip(self, *, repeat_s: float) -> None:
        """Discard the silence so far, but its last `repeat_s`."""
        if self.item is not None:
            self.item.close()
        self.next(repeat_s=repeat_s)

    def discard(self) -> None:
        """Discard the audio since the last commit."""
        self.skip(repeat_s=0.0)

    def clear(self) -> None:
        """Discard the audio since the last commit, and half a sample that waits for the other half."""
        self.discard()
        self._half_sample = b""

    async def use(self, request: UtteranceRequest, *, repeat_s: float) -> None:
        """Transcribe later utterances as `request` says, and this one if it has no speech yet."""
        changed, self._request = request != self._request, request
        silent = self.item
        if changed and silent is not None and silent.is_silent:
            self.skip(repeat_s=repeat_s)
            (await self._open()).received_bytes = silent.received_bytes

    async def _open(self) -> InputItem:
        repeated = self._recent
        before_s = len(repeated) / BYTES_PER_SECOND
        item = self.item = InputItem(
            self._service.open_utterance(self._request, began_s_ago=before_s),
            start_s=self.received_s - before_s,
            streams_text=self._service.streams_text,
        )
        if repeated:
            await item.push(repeated, repeated=True)
        return item
