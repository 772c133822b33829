"""The speech-to-text servers to measure: ours, and wyoming-faster-whisper with the same model."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.servers import Peer, Target, own_target, peer_target

WYOMING_FASTER_WHISPER = Peer(
    "wyoming-faster-whisper",
    libraries=("ctranslate2", "faster-whisper", "onnxruntime"),
    version="3.8.1",
    variables="WYO_WHISPER",
)


@dataclass(frozen=True)
class WhisperOptions:
    """Settings that both servers get."""

    model: Path
    language: str
    threads: int
    beam: int
    device: str = "cpu"
    """Of our server only."""


def our_whisper(options: WhisperOptions, folder: Path) -> AbstractContextManager[Target]:
    """Run our speech-to-text server; it is ready in the block."""
    settings = {
        "ASR_MODEL": str(options.model),
        "ASR_DEVICE": options.device,
        "ASR_COMPUTE_TYPE": "int8" if options.device == "cpu" else "auto",
        "ASR_LANGUAGE": options.language,
        "ASR_CPU_THREADS": str(options.threads),
        "ASR_BEAM_SIZE": str(options.beam),
    }
    return own_target("asr", folder, settings, WYOMING_FASTER_WHISPER.libraries)


def peer_whisper(
    options: WhisperOptions, folder: Path, cache: Path, more: str
) -> AbstractContextManager[Target]:
    """Run wyoming-faster-whisper; it answers in the block. `more` is further options of it.

    Raises:
        BenchmarkError: it cannot be installed or does not start.
    """
    settings = {
        "--data-dir": str(folder),
        "--model": str(options.model),
        "--language": options.language,
        "--device": "cpu",
        "--compute-type": "int8",
        "--cpu-threads": str(options.threads),
        "--beam-size": str(options.beam),
        "--stt-library": "faster-whisper",
    }
    return peer_target(WYOMING_FASTER_WHISPER, folder, cache, settings, more)
