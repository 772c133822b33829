"""One utterance of a session: its audio, and its text while it grows."""

from __future__ import annotations

from wyoming_voice_stack.asr.engine import Transcription
from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement
from wyoming_voice_stack.asr.utterance import Utterance
from wyoming_voice_stack.asr.vad.endpoint import SpeechActivity
from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.http.api.realtime.event_socket import new_id
from wyoming_voice_stack.http.api.realtime.session_config import AUDIO_RATE

INPUT_FORMAT = PcmFormat(rate=AUDIO_RATE, width=2, channels=1)
BYTES_PER_SECOND = AUDIO_RATE * INPUT_FORMAT.frame_bytes


class InputItem:
    """The audio since the last commit. The session closes it."""

    def __init__(self, utterance: Utterance, *, start_s: float, streams_text: bool) -> None:
        """`start_s` is when its audio begins, in seconds of the session's audio."""
        self.id = new_id("item")
        self.received_bytes = 0
        """Audio of the client since the last commit, without what is repeated from before."""
        self.speech_started = False
        """True once the client was told that speech has begun."""
        self._utterance = utterance
        self._start_s = start_s
        self._agreement = LocalAgreement() if streams_text else None

    @property
    def activity(self) -> SpeechActivity | None:
        """The speech found so far; None while the model is loading."""
        return self._utterance.activity

    @property
    def is_silent(self) -> bool:
        """True while no speech was found; False as long as the model is loading."""
        activity = self.activity
        return activity is not None and activity.speech_start_s is None

    @property
    def speech_start_s(self) -> float:
        """When the first speech begins, in seconds of the session's audio."""
        activity = self.activity
        return self._start_s + (activity.speech_start_s or 0.0 if activity else 0.0)

    @property
    def received_s(self) -> float:
        """Duration of the client's audio."""
        return self.received_bytes / BYTES_PER_SECOND

    @property
    def summary(self) -> str:
        """Figures for the log, without any of the text."""
        return self._utterance.summary

    async def push(self, audio: bytes, *, repeated: bool = False) -> str:
        """Add whole samples; `repeated` are those that an item before has had as well.

        Returns:
            Words that are now certain; empty if there are none.

        Raises:
            UtteranceTooLong: the audio exceeds the limit.
            Busy: the server holds too much audio.
        """
        if not repeated:
            self.received_bytes += len(audio)
        await self._utterance.push(INPUT_FORMAT, audio)
        text = self._utterance.partial_text() if self._agreement is not None else None
        if text is None or self._agreement is None:
            return ""
        return self._agreement.add(text.text, text.language)

    async def finish(self) -> tuple[Transcription, str]:
        """Return the text, and the part of it that `push` has not returned.

        Raises:
            VoiceStackError: the engine failed or is not available.
        """
        result = await self._utterance.finish()
        if self._agreement is None:
            return result, result.text
        return result, self._agreement.finish(result.text, result.language)

    def close(self) -> None:
        """Cancel what the engine still does, and free the audio."""
        self._utterance.close()
