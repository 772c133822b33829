"""Loading a CTranslate2 Whisper model, with errors that name the cause."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import SAMPLE_RATE
from wyoming_voice_stack.asr.whisper.catalogue import MODEL_REQUIRED
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import (
    DecodePasses,
    passes_on_cpu,
    passes_on_cuda,
)
from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    VoiceStackError,
    install_hint,
)
from wyoming_voice_stack.machine.cuda_device import (
    CUBLAS,
    CUBLAS_PACKAGE,
    cuda_image,
    load_cublas,
)
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers

MAX_AUTO_THREADS = 4
"""More threads speed up Whisper's small matrices little and take cores from other processes."""
SMALL_MODEL_BYTES = 200_000_000
"""Size on disk below which a model's matrices are too small for many threads. It transcribes several
utterances at the same time instead, each with `SMALL_MODEL_THREADS`."""
SMALL_MODEL_THREADS = 2
EXPRESS_LANES = 1
"""Further calls on a CPU for short speech: a command does not wait for 30 s of a recording."""
CPU_BATCH = 4
"""Windows per call of a small model with a single lane: a step of the decoder takes 1.4 times as long for
four windows as for one."""
MAX_BATCHED_WINDOW_S = 16
"""Longer windows are encoded alone: others would wait too long for the end of the call."""
CUDA_BATCH = 16
CUDA_WINDOW_STEP_S = 5
"""Window lengths are multiples of this, so that more windows have the same length and share a batch."""

SILENCE_S = 4
"""Silence that is encoded when a model is loaded: long enough for calls to run at the same time."""

_COMPUTE_TYPES = {
    "cuda": ("float16", "int8_float32", "float32"),
    "cpu": ("int8", "float32"),
}
"""Compute types that `auto` tries, the best first."""

_MACHINE_ERROR_WORDS = ("cuda", "cublas", "cudnn", "library", "memory", "compute type", "device")
"""Words in an error message that point to the machine, not to the model's files."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Placement:
    """How a model uses its device."""

    lanes: int = 1
    """Concurrent calls."""
    threads: int = 1
    """CPU threads per call."""
    express_lanes: int = 0
    """Further concurrent calls, for short speech."""
    batch_size: int = 1
    """Windows per call."""
    batches_equal_windows: bool = False
    """True if a call gets only windows of one length: others would be encoded one after the other."""
    passes: DecodePasses = field(default_factory=lambda: passes_on_cpu(0))
    window_step_s: int = 1
    """Window lengths are multiples of this."""

    def batch_group(self, seconds: float, language: str | None) -> int | None:
        """Return the group of speech that is faster in one call; None if it is faster alone."""
        if not self.batches_equal_windows:
            return 0
        window_s = math.ceil(seconds + self.passes.for_language(language)[0].context_s)
        return window_s if window_s <= MAX_BATCHED_WINDOW_S else None


def thread_budget(cpu_threads: int) -> int:
    """Return the threads of all calls together; 0 means one per core, up to `MAX_AUTO_THREADS`."""
    return cpu_threads or min(MAX_AUTO_THREADS, available_cores())


def cuda_devices() -> int:
    """Return how many graphics cards CTranslate2 can use."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def open_model(
    directory: Path, device: str, compute_type: str, cpu_threads: int
) -> tuple[Any, Placement]:
    """Load a `faster_whisper.WhisperModel` and run it once. See `WhisperRecognizer.load`."""
    with _classified_errors(directory):
        return _open_on_best_device(directory, device, compute_type, thread_budget(cpu_threads))


def check_files(directory: Path) -> None:
    """Check that no file is missing, before heavy imports.

    Raises:
        ModelNotFound: the directory does not exist.
        ModelCorrupt: files are missing.
    """
    if not directory.is_dir():
        raise ModelNotFound(f"Model directory {directory} does not exist; check ASR_MODEL.")
    refuse_lfs_pointers(directory)
    # Without a tokenizer, faster-whisper would try to download one.
    missing = [name for name in MODEL_REQUIRED if not (directory / name).is_file()]
    if missing:
        raise ModelCorrupt(
            f"Files are missing from the Whisper model in {directory}: {', '.join(missing)};"
            " delete the directory and download the model again."
        )


def _open_on_best_device(
    directory: Path, device: str, compute_type: str, threads: int
) -> tuple[Any, Placement]:
    if device != "auto":
        return _open_on(directory, device, compute_type, threads)
    if not cuda_devices():
        _LOGGER.info("Whisper runs on the CPU: no usable graphics card was found.")
    elif not load_cublas():
        _LOGGER.warning(
            "Whisper runs on the CPU: there is a graphics card, but CUDA's library %s is not installed."
            " To use the card, use the image %s (without a container, run pip install %s).",
            CUBLAS,
            cuda_image(),
            CUBLAS_PACKAGE,
        )
    else:
        try:
            return _open_on(directory, "cuda", compute_type, threads)
        except RuntimeError as error:
            _LOGGER.warning("CUDA is not usable (%s); Whisper runs on the CPU.", error)
    return _open_on(directory, "cpu", compute_type, threads)


def _placement(directory: Path, kind: str, threads: int) -> Placement:
    if kind == "cuda":
        return Placement(
            batch_size=CUDA_BATCH, passes=passes_on_cuda(), window_step_s=CUDA_WINDOW_STEP_S
        )
    size = (directory / "model.bin").stat().st_size
    lanes = max(1, threads // SMALL_MODEL_THREADS) if size < SMALL_MODEL_BYTES else 1
    crowded = size < SMALL_MODEL_BYTES and lanes == 1
    return Placement(
        lanes=lanes,
        threads=threads // lanes,
        express_lanes=EXPRESS_LANES,
        batch_size=CPU_BATCH if crowded else 1,
        batches_equal_windows=crowded,
        passes=passes_on_cpu(size),
    )


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
        num_workers=placement.lanes + placement.express_lanes,
        local_files_only=True,
    )
    _check_runs(model, directory, placement.lanes + placement.express_lanes)
    return model, placement


def _compute_type(requested: str, device: str, index: int) -> str:
    if requested != "auto":
        return requested
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device, index)
    return next(name for name in _COMPUTE_TYPES[device] if name in supported)


def _check_runs(model: Any, directory: Path, calls: int) -> None:
    """Encode silence in so many calls at once to detect missing libraries and mismatched features now.

    Each call starts the threads of a worker: a process that cannot start them later is ended by OpenMP.
    """
    import numpy as np

    features = model.feature_extractor(np.zeros(SILENCE_S * SAMPLE_RATE, np.float32))
    if len(features) != model.model.n_mels:
        raise ModelCorrupt(
            f"The model in {directory} needs {model.model.n_mels} mel bands, but its"
            f" preprocessor_config.json sets {len(features)}; download the model again."
        )
    with ThreadPoolExecutor(calls) as pool:
        for _ in pool.map(model.encode, [features] * calls):
            pass


@contextmanager
def _classified_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except VoiceStackError:
        raise
    except ImportError as error:
        raise EngineError(
            f"faster-whisper cannot be imported ({error}); {install_hint('asr')}"
        ) from error
    except Exception as error:
        # CTranslate2 raises RuntimeError and ValueError for all kinds of errors.
        if isinstance(error, MemoryError) or any(
            word in str(error).lower() for word in _MACHINE_ERROR_WORDS
        ):
            raise EngineError(
                f"The model in {directory} cannot run on this machine ({error});"
                " choose another ASR_DEVICE, ASR_COMPUTE_TYPE or a smaller ASR_MODEL."
            ) from error
        raise ModelCorrupt(
            f"The model in {directory} cannot be loaded ({error});"
            " delete the directory and download the model again."
        ) from error
