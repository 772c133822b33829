"""The text-to-speech servers to measure: ours, and wyoming-piper with the same voice."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.kokoro_model import kokoro_folder
from benchmarks.common.servers import Peer, Target, own_target, peer_target
from tests.support.integration.servers import EMBEDDED_PIPER
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references.model_references import weights_of
from wyoming_voice_stack.server.assembly.references.piper_references import PIPER_SCHEME

JOE = EMBEDDED_PIPER
"""A Piper voice of medium quality that comes in a Python package."""
WYOMING_PIPER = Peer(
    "wyoming-piper",
    libraries=("piper-tts", "onnxruntime"),
    version="2.5.2",
    variables="WYOMING_PIPER",
)
PIPER = "piper"
ENGINES = (PIPER, "kokoro")
"""Engines whose genuine weights packages bring."""
SENTENCE_PAUSE_MS = 250
"""Our default; the peer gets the same, so that both make the same audio of a paragraph."""


@dataclass(frozen=True)
class PiperOptions:
    """Settings of the servers."""

    model: str
    """As in TTS_MODEL."""
    threads: int
    """Of our server only; 0 uses one per core, as the peer always does."""
    device: str = "cpu"
    """Of our server only; Piper runs on the CPU."""


def engine_model(engine: str) -> str:
    """The model of an engine, as in TTS_MODEL.

    Raises:
        BenchmarkError: its weights cannot be fetched.
    """
    return JOE if engine == PIPER else f"kokoro:{kokoro_folder()}"


def our_speech(options: PiperOptions, folder: Path) -> AbstractContextManager[Target]:
    """Run our text-to-speech server; it is ready in the block."""
    settings = {
        "TTS_MODEL": options.model,
        "TTS_DEVICE": options.device,
        "TTS_CPU_THREADS": str(options.threads),
        "TTS_SENTENCE_PAUSE_MS": str(SENTENCE_PAUSE_MS),
    }
    if not options.model.startswith(PIPER_SCHEME):
        settings["TTS_LANGUAGE"] = "en"
    return own_target("tts", folder, settings, WYOMING_PIPER.libraries)


def peer_piper(
    options: PiperOptions, folder: Path, cache: Path, more: str
) -> AbstractContextManager[Target]:
    """Run wyoming-piper; it answers in the block. `more` is further options of it.

    Raises:
        BenchmarkError: it cannot be installed or does not start, or the model is not a Piper voice.
        VoiceStackError: the voice is not available.
    """
    if not options.model.startswith(PIPER_SCHEME):
        raise BenchmarkError(
            f"{WYOMING_PIPER.package} supports only piper:VOICE, not {options.model!r}."
            " Leave out --peer, or set --model to a Piper voice."
        )
    voice = voice_file(options.model, cache)
    settings = {
        "--voice": voice.stem,
        "--data-dir": str(voice.parent),
        "--download-dir": str(folder),
        "--sentence-silence": str(SENTENCE_PAUSE_MS / 1000),
    }
    return peer_target(WYOMING_PIPER, folder, cache, settings, more)


def voice_file(model: str, cache: Path) -> Path:
    """The ONNX file of a Piper voice, downloaded if need be.

    Raises:
        VoiceStackError: the voice is not available.
    """
    store = ModelStore(cache / "models")
    return weights_of(model, store, environ={}, text_to_speech=True).locate().resolve()
