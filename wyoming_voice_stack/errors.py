"""One error tree; each class is one decision for whoever catches it.

VoiceStackError                      code on the wire
├── ProtocolError                    the peer broke the protocol: error event, then close
│   ├── MalformedEvent               malformed-event
│   ├── TooLarge                     too-large
│   └── UnexpectedEvent              unexpected-event
├── RequestError                     the request cannot be served as asked
│   ├── UnsupportedAudio             unsupported-audio
│   ├── UtteranceTooLong             utterance-too-long
│   ├── EmptyText                    empty-text
│   ├── TextTooLong                  text-too-long
│   ├── UnknownLanguage              unknown-language
│   ├── UnknownModel                 unknown-model
│   ├── UnknownProgram               unknown-program
│   ├── UnknownVoice                 unknown-voice
│   └── UnspeakableText              unspeakable-text
├── CapacityError                    try again later
│   ├── Busy                         busy
│   ├── ShuttingDown                 shutting-down
│   ├── DeadlineExceeded             timeout
│   └── Abandoned                    abandoned: nobody wants the result any more
├── EngineError                      engine-failed: the engine itself failed
│   ├── NoAudio                      no-audio
│   └── OutOfMemory                  out-of-memory
├── ModelError                       the model cannot be had; the process cannot serve
│   ├── ModelNotFound                model-not-found
│   ├── ModelCorrupt                 model-corrupt
│   ├── DiskFull                     disk-full
│   └── LicenceNotAccepted           licence-not-accepted      exit status 78
├── UnsupportedProcessor             unsupported-processor     exit status 70
└── ConfigError                      config                    exit status 2 or 64
"""

from __future__ import annotations

import traceback
from typing import ClassVar

EXIT_CONFIG = 2
EXIT_USAGE = 64
EXIT_UNAVAILABLE = 69
EXIT_PROCESSOR = 70
EXIT_LICENCE = 78


def redacted_traceback(error: BaseException) -> str:
    """Say what went wrong and where, without the error's own words: they may quote what is spoken."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{frames}".rstrip()


class VoiceStackError(Exception):
    """Root of the tree. `str(error)` is one clear sentence that may be shown to a user."""

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1


class ProtocolError(VoiceStackError):
    """The peer sent something that is not the Wyoming protocol."""

    code = "malformed-event"


class MalformedEvent(ProtocolError):
    """A header, a data block or a field has the wrong shape."""


class TooLarge(ProtocolError):
    """A header, data block or payload is above its limit."""

    code = "too-large"


class UnexpectedEvent(ProtocolError):
    """A well-formed event came at a moment at which it has no meaning."""

    code = "unexpected-event"


class RequestError(VoiceStackError):
    """The request is understood and cannot be served as asked."""

    code = "bad-request"


class UnsupportedAudio(RequestError):
    """Rate, width or channel count is outside of what can be brought to speech."""

    code = "unsupported-audio"


class UtteranceTooLong(RequestError):
    """More audio came in one utterance than the limit allows."""

    code = "utterance-too-long"


class EmptyText(RequestError):
    """Nothing that can be said is in the text."""

    code = "empty-text"


class TextTooLong(RequestError):
    """More text came in one request than the limit allows."""

    code = "text-too-long"


class UnknownLanguage(RequestError):
    """The language is not among those of the model."""

    code = "unknown-language"


class UnknownModel(RequestError):
    """The request names a model that this server does not have."""

    code = "unknown-model"


class UnknownProgram(RequestError):
    """`select-program` names a program that this server does not advertise."""

    code = "unknown-program"


class UnknownVoice(RequestError):
    """The request names a voice or a speaker that this server does not have."""

    code = "unknown-voice"


class UnspeakableText(RequestError):
    """The voice cannot read a sign or a sentence in the text."""

    code = "unspeakable-text"


class CapacityError(VoiceStackError):
    """Nothing is wrong with the request; it came at a bad time."""

    code = "busy"


class Busy(CapacityError):
    """A queue or the number of connections is at its bound."""


class ShuttingDown(CapacityError):
    """The server is on its way out and takes no new work."""

    code = "shutting-down"


class DeadlineExceeded(CapacityError):
    """A named deadline passed."""

    code = "timeout"


class Abandoned(CapacityError):
    """Nobody wants the result any more; it reaches no client."""

    code = "abandoned"


class EngineError(VoiceStackError):
    """The engine failed on this request, or could not be loaded."""

    code = "engine-failed"


class NoAudio(EngineError):
    """The engine ran and gave no sound for a text that should have some."""

    code = "no-audio"


class OutOfMemory(EngineError):
    """The machine or the graphics card has too little memory for the engine or the request."""

    code = "out-of-memory"


class ModelError(VoiceStackError):
    """The weights cannot be used."""

    code = "model-unavailable"
    exit_status = EXIT_UNAVAILABLE


class ModelNotFound(ModelError):
    """Neither on disk, nor in a package, nor to be fetched."""

    code = "model-not-found"


class ModelCorrupt(ModelError):
    """The files are there and are not what they should be."""

    code = "model-corrupt"


class DiskFull(ModelError):
    """There is no room for the weights."""

    code = "disk-full"


class LicenceNotAccepted(ModelError):
    """The model's licence must be accepted by the user first; never asked at a prompt."""

    code = "licence-not-accepted"
    exit_status = EXIT_LICENCE


class UnsupportedProcessor(VoiceStackError):
    """The processor lacks instructions that the engines' libraries are made of."""

    code = "unsupported-processor"
    exit_status = EXIT_PROCESSOR


class ConfigError(VoiceStackError):
    """A setting has a wrong value; the message names the variable, the value and what is allowed."""

    code = "config"
    exit_status = EXIT_CONFIG
