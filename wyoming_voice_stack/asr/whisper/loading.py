"""Loading a CTranslate2 Whisper model, and telling what is wrong when that fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import SAMPLE_RATE
from wyoming_voice_stack.asr.whisper.catalogue import MODEL_REQUIRED
from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper
from wyoming_voice_stack.asr.whisper.passes import DecodePasses, passes_on_cpu, passes_on_cuda
from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound, VoiceStackError
from wyoming_voice_stack.machine.hardware import available_cores

MAX_AUTO_THREADS = 4
"""Beyond, Whisper's small matrices gain little and the rest of the machine loses."""
SMALL_MODEL_BYTES = 200_000_000
"""Weights on disk of the models whose matrices are too small for many threads. They transcribe
several utterances at the same time instead, each with `SMALL_MODEL_THREADS`."""
SMALL_MODEL_THREADS = 2
CUDA_BATCH = 16
CUDA_WINDOW_STEP_S = 5
"""Windows are rounded up to this, so that more of them are equally long and share a batch."""

_COMPUTE_TYPES = {
    "cuda": ("float16", "int8_float32", "float32"),
    "cpu": ("int8", "float32"),
}
"""What `auto` tries, the best first."""

_MACHINE_FAULTS = ("cuda", "cublas", "cudnn", "library", "memory", "compute type", "device")
"""Words that tell a fault of the machine from one of the model's files."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Placement:
    """How a model makes use of its device."""

    lanes: int = 1
    """Calls at the same time."""
    threads: int = 1
    """Of one call, on a CPU."""
    batch_size: int = 1
    """Windows in one call. On two cores a batch of 2 or 4 ends no sooner than one after another."""
    looks: DecodePasses = field(default_factory=lambda: passes_on_cpu(0))
    """How closely speech is looked at until the text is sure."""
    window_step_s: int = 1
    """What the length of a window is a multiple of."""


def thread_budget(cpu_threads: int) -> int:
    """Threads of all calls together; 0 stands for one a core, `MAX_AUTO_THREADS` at most."""
    return cpu_threads or min(MAX_AUTO_THREADS, available_cores())


def open_model(
    directory: Path, device: str, compute_type: str, cpu_threads: int
) -> tuple[Any, Placement]:
    """Load a `faster_whisper.WhisperModel` and try it out. See `WhisperRecognizer.load`."""
    with _faults_told_apart(directory):
        return _open_where_it_works(directory, device, compute_type, thread_budget(cpu_threads))


def check_files(directory: Path) -> None:
    """See that nothing is missing, before anything heavy is imported.

    Raises:
        ModelNotFound: there is no such directory.
        ModelCorrupt: files are missing.
    """
    if not directory.is_dir():
        raise ModelNotFound(f"There is no model directory {directory}; check ASR_MODEL.")
    # Without a tokenizer, faster-whisper would ask the hub for one.
    missing = [name for name in MODEL_REQUIRED if not (directory / name).is_file()]
    if missing:
        raise ModelCorrupt(
            f"The Whisper model in {directory} lacks {', '.join(missing)};"
            " delete the directory and fetch the model again."
        )


def _open_where_it_works(
    directory: Path, device: str, compute_type: str, threads: int
) -> tuple[Any, Placement]:
    if device != "auto":
        return _open_on(directory, device, compute_type, threads)
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        try:
            return _open_on(directory, "cuda", compute_type, threads)
        except RuntimeError as error:
            _LOGGER.warning("CUDA does not work (%s); Whisper runs on the CPU.", error)
    return _open_on(directory, "cpu", compute_type, threads)


def _placement(directory: Path, kind: str, threads: int) -> Placement:
    if kind == "cuda":
        return Placement(
            batch_size=CUDA_BATCH, looks=passes_on_cuda(), window_step_s=CUDA_WINDOW_STEP_S
        )
    size = (directory / "model.bin").stat().st_size
    lanes = max(1, threads // SMALL_MODEL_THREADS) if size < SMALL_MODEL_BYTES else 1
    return Placement(lanes=lanes, threads=threads // lanes, looks=passes_on_cpu(size))


def _open_on(
    directory: Path, device: str, compute_type: str, threads: int
) -> tuple[Any, Placement]:
    kind, _, index = device.partition(":")
    placement = _placement(directory, kind, threads)
    model = import_faster_whisper().WhisperModel(
        str(directory),
        device=kind,
        device_index=int(index or 0),
        compute_type=_compute_type(compute_type, kind, int(index or 0)),
        cpu_threads=placement.threads,
        num_workers=placement.lanes,
        local_files_only=True,
    )
    _try_out(model, directory)
    return model, placement


def _compute_type(wanted: str, device: str, index: int) -> str:
    if wanted != "auto":
        return wanted
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device, index)
    return next(name for name in _COMPUTE_TYPES[device] if name in supported)


def _try_out(model: Any, directory: Path) -> None:
    """Encode a second of silence: libraries that lack, and features that do not fit, show now."""
    import numpy as np

    features = model.feature_extractor(np.zeros(SAMPLE_RATE, np.float32))
    if len(features) != model.model.n_mels:
        raise ModelCorrupt(
            f"The model in {directory} needs {model.model.n_mels} mel bands and its"
            f" preprocessor_config.json gives {len(features)}; fetch the model again."
        )
    model.encode(features)


@contextmanager
def _faults_told_apart(directory: Path) -> Iterator[None]:
    try:
        yield
    except VoiceStackError:
        raise
    except ImportError as error:
        raise EngineError(
            f"faster-whisper cannot be imported ({error}); install wyoming-voice-stack[asr]."
        ) from error
    except Exception as error:
        # CTranslate2 raises RuntimeError and ValueError for everything.
        if isinstance(error, MemoryError) or any(
            word in str(error).lower() for word in _MACHINE_FAULTS
        ):
            raise EngineError(
                f"The model in {directory} cannot run here ({error});"
                " choose another ASR_DEVICE, ASR_COMPUTE_TYPE or a smaller ASR_MODEL."
            ) from error
        raise ModelCorrupt(
            f"The model in {directory} cannot be loaded ({error});"
            " delete the directory and fetch the model again."
        ) from error
