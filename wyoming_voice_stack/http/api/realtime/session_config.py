"""The settings of a session, and how `session.update` changes them.

A field that is absent keeps its value, and null resets it. `transcription` and `turn_detection` are
replaced as a whole: a client that changes the language sends the complete object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.realtime.client_events import Fields

AUDIO_RATE = 24_000
"""Sample rate in Hz of all audio on the WebSocket: PCM, 16 bit, little endian, mono."""
AUDIO_TYPE = "audio/pcm"
AUDIO_FORMAT = {"type": AUDIO_TYPE, "rate": AUDIO_RATE}

SILENCE_MS = 500
PREFIX_PADDING_MS = 300
MIN_SILENCE_MS = 100
"""Shorter silences are not distinguished from pauses between words."""
MAX_SILENCE_MS = 10_000
MAX_PADDING_MS = 500
"""More audio before speech would count as audio from a file, which is transcribed later."""
MAX_MILLISECONDS = 3_600_000.0
EAGERNESS_SILENCE_MS = {"low": 1250, "medium": SILENCE_MS, "auto": SILENCE_MS, "high": 250}
"""Silence that ends a turn, by the `eagerness` of `semantic_vad`."""
MAX_PROMPT_CHARACTERS = 4000
MAX_KEYWORDS = 1000
MAX_LANGUAGES = 100
MIN_SPEED = 0.25
MAX_SPEED = 4.0


@dataclass(frozen=True)
class TurnDetection:
    """When the server itself ends an utterance."""

    type: str = "server_vad"
    silence_ms: int = SILENCE_MS
    """Silence after speech that ends the utterance."""
    padding_ms: int = PREFIX_PADDING_MS
    """Audio before an utterance that still belongs to it."""

    def to_json(self) -> dict[str, Any]:
        """Return the object as clients know it."""
        return {
            "type": self.type,
            "silence_duration_ms": self.silence_ms,
            "prefix_padding_ms": self.padding_ms,
        }


@dataclass(frozen=True)
class TranscriptionConfig:
    """Settings of a session that transcribes."""

    model: str | None = None
    """As the client names it; None is the default."""
    language: str | None = None
    languages: tuple[str, ...] = ()
    """Languages to choose from."""
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    turn_detection: TurnDetection | None = TurnDetection()
    """None leaves it to the client to end an utterance."""

    def update(self, session: Fields) -> TranscriptionConfig:
        """Return the settings after a `session.update`.

        Raises:
            InvalidField: a field has a wrong value.
        """
        settings = session.inner("audio").inner("input")
        check_format(settings)
        changed = self
        if "transcription" in settings:
            changed = changed._with_transcription(settings.inner("transcription"))
        if "turn_detection" in settings:
            turn_detection = None
            if settings.values["turn_detection"] is not None:
                turn_detection = _turn_detection(settings.inner("turn_detection"))
            changed = replace(changed, turn_detection=turn_detection)
        return changed

    def to_json(self) -> dict[str, Any]:
        """Return the session's settings as clients know them."""
        transcription: dict[str, Any] = {"model": self.model, "language": self.language}
        optional = {
            "languages": list(self.languages),
            "prompt": self.prompt,
            "keywords": list(self.keywords),
        }
        transcription |= {name: value for name, value in optional.items() if value}
        return {
            "audio": {
                "input": {
                    "format": AUDIO_FORMAT,
                    "transcription": transcription,
                    "turn_detection": self.turn_detection and self.turn_detection.to_json(),
                    "noise_reduction": None,
                }
            }
        }

    def _with_transcription(self, given: Fields) -> TranscriptionConfig:
        return TranscriptionConfig(
            # A client that leaves it out means the model that it has named before.
            model=given.name("model") or self.model,
            language=given.name("language"),
            languages=given.names("languages", limit=MAX_LANGUAGES),
            prompt=given.text("prompt", limit=MAX_PROMPT_CHARACTERS),
            keywords=given.names("keywords", limit=MAX_KEYWORDS),
            turn_detection=self.turn_detection,
        )


@dataclass(frozen=True)
class SpeechConfig:
    """Settings of a session, or of one response, that speaks."""

    voice: str | None = None
    """As the client names it; None is the default."""
    speed: float | None = None

    def update(self, given: Fields) -> SpeechConfig:
        """Return the settings after a `session.update`, or those of one `response.create`.

        Raises:
            InvalidField: a field has a wrong value.
        """
        output = given.inner("audio").inner("output")
        check_format(output)
        modalities = given.names("output_modalities", limit=2)
        if modalities and "audio" not in modalities:
            raise InvalidField(
                "This server answers with audio only; set output_modalities to ['audio'].",
                param=given.param("output_modalities"),
                code="unsupported_value",
            )
        voice, speed = self.voice, self.speed
        if "voice" in output:
            voice = _voice(output)
        if "speed" in output:
            speed = output.number("speed", low=MIN_SPEED, high=MAX_SPEED)
        return SpeechConfig(voice, speed)

    def to_json(self) -> dict[str, Any]:
        """Return the session's settings as clients know them."""
        output = {"format": AUDIO_FORMAT, "voice": self.voice, "speed": self.speed or 1.0}
        return {"output_modalities": ["audio"], "audio": {"output": output}}


def check_format(direction: Fields) -> None:
    """Accept the one audio format.

    Raises:
        InvalidField: the client wants another one.
    """
    audio_format = direction.inner("format")
    kind = audio_format.name("type")
    rate = audio_format.number("rate", low=1, high=1_000_000)
    if kind not in {None, AUDIO_TYPE} or rate not in {None, AUDIO_RATE}:
        raise InvalidField(
            f"Audio format {kind!r} is not supported; send {AUDIO_TYPE} at {AUDIO_RATE} Hz.",
            param=audio_format.path,
            code="unsupported_value",
        )


def _turn_detection(given: Fields) -> TurnDetection:
    kind = given.name("type") or "server_vad"
    if kind == "semantic_vad":
        eagerness = given.name("eagerness") or "auto"
        return TurnDetection(kind, EAGERNESS_SILENCE_MS.get(eagerness, SILENCE_MS))
    if kind != "server_vad":
        raise InvalidField(
            f"Turn detection {kind!r} is not supported. Available: server_vad, semantic_vad.",
            param=given.param("type"),
            code="unsupported_value",
        )
    silence_ms = given.number("silence_duration_ms", low=0, high=MAX_MILLISECONDS)
    padding_ms = given.number("prefix_padding_ms", low=0, high=MAX_MILLISECONDS)
    return TurnDetection(
        kind,
        SILENCE_MS if silence_ms is None else _clamp(silence_ms, MIN_SILENCE_MS, MAX_SILENCE_MS),
        PREFIX_PADDING_MS if padding_ms is None else _clamp(padding_ms, 0, MAX_PADDING_MS),
    )


def _clamp(value: float, lowest: int, highest: int) -> int:
    return round(min(max(value, lowest), highest))


def _voice(output: Fields) -> str | None:
    """Return the voice, which is a name or an object with an `id`."""
    if isinstance(output.values["voice"], Mapping):
        return output.inner("voice").name("id")
    return output.name("voice")
