"""The text-to-speech servers that are measured: our own, and wyoming-piper with the same voice."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.servers import (
    OURS,
    PEER,
    NoServer,
    Target,
    answering,
    environment_with,
    own_version,
    versions_in,
)
from tests.support.integration.servers import EMBEDDED_PIPER, free_port, running
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.weights import PIPER_SCHEME, weights_of

JOE = EMBEDDED_PIPER
"""A Piper voice of medium quality that a package brings."""
PEER_PACKAGE = "wyoming-piper"
PEER_VERSION = "2.5.2"
SENTENCE_PAUSE_MS = 250
"""Our default, which the peer is told too: both then make the same sound of a paragraph."""

_BUILDING = ("piper-tts", "onnxruntime")
_PEER_SETTINGS = "WYOMING_PIPER"


@dataclass(frozen=True)
class Options:
    """What the servers are told."""

    model: str
    """As TTS_MODEL takes it."""
    threads: int
    """Ours alone; 0 takes one a core, which is what the peer always does."""
    device: str = "cpu"
    """Ours alone; Piper knows none but the CPU."""


@contextmanager
def our_server(options: Options, folder: Path) -> Iterator[Target]:
    """Run our text-to-speech server; it is ready in the block."""
    settings = {
        "TTS_MODEL": options.model,
        "TTS_DEVICE": options.device,
        "TTS_CPU_THREADS": str(options.threads),
        "TTS_SENTENCE_PAUSE_MS": str(SENTENCE_PAUSE_MS),
    }
    if not options.model.startswith(PIPER_SCHEME):
        settings["TTS_LANGUAGE"] = "en"
    with running("tts", folder, settings) as server:
        name = f"wyoming-voice-stack {version('wyoming-voice-stack')}"
        built_on = ", ".join(f"{package} {own_version(package)}" for package in _BUILDING)
        yield Target(OURS, "127.0.0.1", server.port, server.process.pid, f"{name} ({built_on})")


@contextmanager
def peer_server(options: Options, folder: Path, cache: Path, more: str) -> Iterator[Target]:
    """Run wyoming-piper, installed into the cache if need be; it answers in the block.

    `more` is further options of its command line.

    Raises:
        NoServer: it cannot be installed or does not start, or the model is no Piper voice.
        VoiceStackError: the voice cannot be had.
    """
    if not options.model.startswith(PIPER_SCHEME):
        raise NoServer(f"{PEER_PACKAGE} speaks only piper:VOICE, not {options.model}")
    store = ModelStore(cache / "models")
    voice = weights_of(options.model, store, environ={}, text_to_speech=True).locate().resolve()
    environment = environment_with(PEER_PACKAGE, PEER_VERSION, cache)
    port = free_port()
    command = [*_peer_command(environment, voice, folder, port), *shlex.split(more)]
    with answering(command, _peer_variables(), port, folder) as process:
        told = f"{PEER_PACKAGE} {PEER_VERSION} ({versions_in(environment, _BUILDING)})"
        yield Target(PEER, "127.0.0.1", port, process.pid, told)


def _peer_command(environment: Path, voice: Path, folder: Path, port: int) -> list[str]:
    settings = {
        "--uri": f"tcp://127.0.0.1:{port}",
        "--voice": voice.stem,
        "--data-dir": str(voice.parent),
        "--download-dir": str(folder),
        "--sentence-silence": str(SENTENCE_PAUSE_MS / 1000),
    }
    command = str(environment / "bin" / PEER_PACKAGE)
    return [command, *(word for pair in settings.items() for word in pair), "--local-files-only"]


def _peer_variables() -> dict[str, str]:
    """The environment without settings of the peer, and with its libraries' telemetry off."""
    inherited = {name: value for name, value in os.environ.items() if _PEER_SETTINGS not in name}
    return inherited | {"ORT_DISABLE_TELEMETRY": "1"}
