"""The error tree. Each class calls for one decision in the code that catches it.

VoiceStackError                      code on the wire
├── ProtocolError                    the client broke the protocol: error event, then close
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
├── NotAllowed                       not-allowed: the address may not connect
├── CapacityError                    try again later
│   ├── Busy                         busy
│   │   └── NoFreePlace              busy: as many requests as the server works on at once
│   ├── ShuttingDown                 shutting-down
│   ├── DeadlineExceeded             timeout
│   └── Abandoned                    abandoned: the result is no longer needed
├── EngineError                      engine-failed: the engine itself failed
│   ├── NoAudio                      no-audio
│   ├── EngineTimeout                engine-timeout
│   └── OutOfMemory                  out-of-memory
├── ModelError                       the model is not available; the process cannot serve
│   ├── ModelNotFound                model-not-found
│   ├── ModelCorrupt                 model-corrupt
│   ├── DiskFull                     disk-full
│   └── LicenceNotAccepted           licence-not-accepted      exit status 78
├── StorageError                     storage: a file of the server cannot be written
├── UnsupportedProcessor             unsupported-processor     exit status 70
└── ConfigError                      config                    exit status 2 or 64
    └── WrongServer                  the address is that of another server
"""

from __future__ import annotations

import re
import traceback
from typing import ClassVar

EXIT_STUCK = 1
EXIT_CONFIG = 2
EXIT_USAGE = 64
EXIT_UNAVAILABLE = 69
EXIT_PROCESSOR = 70
EXIT_LICENCE = 78
EXIT_INTERRUPTED = 130

_PATH = re.compile(r"""(?<![\w:/.~-])~?/(?:[^\s/,;:'"()]+/)*([^\s/,;:'"()]*)""")
"""An absolute path, and its last part; a URL is none."""


def without_paths(text: str) -> str:
    """Shorten each absolute path to its last part: clients do not need to know where files are."""
    return _PATH.sub(r"\1", text)


def redacted_traceback(error: BaseException) -> str:
    """Return the error's type and frames without its message, which may quote what was spoken."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}\n{frames}".rstrip()


class VoiceStackError(Exception):
    """Root of the tree. `str(error)` is one clear sentence that may be shown to a user."""

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 1

    def __init_subclass__(cls, *, code: str = "", exit_status: int | None = None) -> None:
        """Set a class's code and exit status; without them it has those of its base."""
        super().__init_subclass__()
        cls.code = code or cls.code
        cls.exit_status = cls.exit_status if exit_status is None else exit_status


class ProtocolError(VoiceStackError, code="malformed-event"):
    """The client sent something that is not the Wyoming protocol."""


class MalformedEvent(ProtocolError):
    """A header, a data block or a field has the wrong shape."""


class TooLarge(ProtocolError, code="too-large"):
    """A header, data block or payload is larger than its limit."""


class UnexpectedEvent(ProtocolError, code="unexpected-event"):
    """A well-formed event arrived where it has no meaning."""


class RequestError(VoiceStackError, code="bad-request"):
    """The request is understood and cannot be served as asked."""


class UnsupportedAudio(RequestError, code="unsupported-audio"):
    """Sample rate, width or channel count is outside the supported range."""


class UtteranceTooLong(RequestError, code="utterance-too-long"):
    """One utterance has more audio than the limit."""


class EmptyText(RequestError, code="empty-text"):
    """The text contains nothing to speak."""


class TextTooLong(RequestError, code="text-too-long"):
    """One request has more text than the limit."""


class UnknownLanguage(RequestError, code="unknown-language"):
    """The model does not support the language."""


class UnknownModel(RequestError, code="unknown-model"):
    """The request names a model that this server does not have."""


class UnknownProgram(RequestError, code="unknown-program"):
    """`select-program` names a program that this server does not advertise."""


class UnknownVoice(RequestError, code="unknown-voice"):
    """The request names a voice or a speaker that this server does not have."""


class UnspeakableText(RequestError, code="unspeakable-text"):
    """The voice cannot speak a character or a sentence of the text."""


class NotAllowed(VoiceStackError, code="not-allowed"):
    """The client's address is not among those that may connect."""


class CapacityError(VoiceStackError, code="busy"):
    """The request is valid; the server cannot serve it now."""


class Busy(CapacityError):
    """A queue or the number of connections is at its limit."""


class NoFreePlace(Busy):
    """The server works on as many requests as it may at once."""


class ShuttingDown(CapacityError, code="shutting-down"):
    """The server is shutting down and takes no new work."""

    def __init__(
        self, message: str = "The server is shutting down; try again in a moment."
    ) -> None:
        super().__init__(message)


class DeadlineExceeded(CapacityError, code="timeout"):
    """A deadline passed; the message names it."""


class Abandoned(CapacityError, code="abandoned"):
    """The result is no longer needed; this error reaches no client."""

    def __init__(self, message: str = "The result is no longer needed.") -> None:
        super().__init__(message)


class EngineError(VoiceStackError, code="engine-failed"):
    """The engine failed on this request, or could not be loaded."""


class NoAudio(EngineError, code="no-audio"):
    """The engine returned no audio for a text that can be spoken."""


class EngineTimeout(EngineError, code="engine-timeout"):
    """A call of the engine has not returned within its limit."""


class OutOfMemory(EngineError, code="out-of-memory"):
    """The machine or the graphics card has too little memory for the engine or the request."""


class ModelError(VoiceStackError, code="model-unavailable", exit_status=EXIT_UNAVAILABLE):
    """The model's files cannot be used."""


class ModelNotFound(ModelError, code="model-not-found"):
    """The model is neither on disk nor in a package, and cannot be fetched."""


class ModelCorrupt(ModelError, code="model-corrupt"):
    """The model's files exist, and their content is wrong."""


class DiskFull(ModelError, code="disk-full"):
    """The disk has no room for the model."""


class LicenceNotAccepted(ModelError, code="licence-not-accepted", exit_status=EXIT_LICENCE):
    """The user must accept the model's licence first; the server never asks at a prompt."""


class StorageError(VoiceStackError, code="storage"):
    """A file of the server cannot be written: no room, or no permission."""


class UnsupportedProcessor(
    VoiceStackError, code="unsupported-processor", exit_status=EXIT_PROCESSOR
):
    """The processor lacks instructions that the engines' libraries need."""


class ConfigError(VoiceStackError, code="config", exit_status=EXIT_CONFIG):
    """A setting has a wrong value; the message names the variable, its value and what is allowed."""


class WrongServer(ConfigError):
    """The command line has the address of a server that does not serve what the command needs."""


def install_hint(extra: str) -> str:
    """The end of a message about a missing package: how to install this extra of the project.

    The project is not on PyPI, so it is installed from a checkout.
    """
    return f"in the folder of this project, run: pip install '.[{extra}]'"
