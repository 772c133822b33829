"""Events of the other of the two servers: a client that sends one has the wrong port."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming.event import Event

from wyoming_voice_stack.errors import UnexpectedEvent

_SPEECH_EVENTS = frozenset({"transcribe", "audio-start", "audio-chunk", "audio-stop"})
_SYNTHESIS_EVENTS = frozenset(
    {"synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop"}
)


@dataclass(frozen=True)
class OtherServer:
    """The server that answers the events which this one does not."""

    here: str
    """What this server is."""
    there: str
    """What the other server does."""
    setting: str
    """Setting of the other server's port."""
    events: frozenset[str]
    """Types of the events that clients send only to the other server."""
    port: int | None = None
    """Port of the other server; None if it is not known."""

    def refuse(self, event: Event) -> None:
        """Refuse an event of the other server; do nothing with any other one.

        Raises:
            UnexpectedEvent: the message says where the event is served.
        """
        if event.type not in self.events:
            return
        where = f"port {self.port}" if self.port else "another port"
        raise UnexpectedEvent(
            f"This is the {self.here} server; it does not answer {event.type}."
            f" {self.there.capitalize()} is served on {where} ({self.setting})."
        )


def text_to_speech_at(port: int | None) -> OtherServer:
    """The text-to-speech server, as the speech-to-text server knows it."""
    return OtherServer("speech-to-text", "text to speech", "TTS_PORT", _SYNTHESIS_EVENTS, port)


def speech_to_text_at(port: int | None) -> OtherServer:
    """The speech-to-text server, as the text-to-speech server knows it."""
    return OtherServer("text-to-speech", "speech to text", "ASR_PORT", _SPEECH_EVENTS, port)
