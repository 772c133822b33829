"""Loading a CTranslate2 Whisper model, with errors that name the cause."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import SAMPLE_RATE
from wyoming_voice_stack.asr.whisper.catalogue import MODEL_REQUIRED
from wyoming_voice_stack.asr.whisper.decoding.window import require_window_memory
from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper
from wyoming_voice_stack.asr.whisper.placement import (
    Placement,
    placement_of,
    thread_budget,
    with_single_threads,
)
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
from wyoming_voice_stack.models.json_files import read_json
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers

SILENCE_S = 4
"""Silence that is encoded when a model is loaded: long enough for calls to run at the same time."""
FAST_ENCODE_S = 0.15
"""Time for this silence up to which one thread is fast enough for a command: with the decoder, it takes less
than the 0.6 s that Home Assistant still waits once a pause is noticed."""

_START = "<|startoftranscript|>"
_START_OF_ENGLISH_TEXT, _START_OF_MULTILINGUAL_TEXT = 50_257, 50_258
"""Numbers of this token in all models of Whisper for English only, and in all others."""

_COMPUTE_TYPES = {
    "cuda": ("float16", "int8_float32", "float32"),
    "cpu": ("int8", "float32"),
}
"""Compute types that `auto` tries, the best first."""

_MACHINE_ERROR_WORDS = ("cuda", "cublas", "cudnn", "library", "memory", "compute type", "device")
"""Words in an error message that point to the machine, not to the model's files."""

_LOGGER = logging.getLogger(__name__)


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
    try:
        is_object = isinstance(read_json(directory / "config.json"), dict)
    except (OSError, ValueError) as error:
        raise _damaged(directory, f"config.json: {error}") from error
    if not is_object:
        raise _damaged(directory, "config.json is not a JSON object")


def _damaged(directory: Path, what: str) -> ModelCorrupt:
    return ModelCorrupt(
        f"The model in {directory} cannot be loaded ({what}); delete the directory and download the"
        " model again."
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


def _open_on(
    directory: Path, device: str, compute_type: str, threads: int
) -> tuple[Any, Placement]:
    kind, _, index = device.partition(":")
    chosen = _compute_type(compute_type, kind, int(index or 0))

    def open_as(placement: Placement) -> Any:
        return import_faster_whisper().WhisperModel(
            str(directory),
            device=kind,
            device_index=int(index or 0),
            compute_type=chosen,
            cpu_threads=placement.threads,
            num_workers=placement.calls,
            local_files_only=True,
        )

    placement = placement_of(directory, kind, threads)
    single = with_single_threads(placement)
    if single is not None:
        model = open_as(single)
        features = _check_runs(model, directory, single.calls)
        took_s = _encode_seconds(model, features)
        if took_s <= FAST_ENCODE_S:
            return model, single
        _LOGGER.debug("one thread encodes %d s in %.2f s, so each call has two", SILENCE_S, took_s)
        # Both models may not fit into the memory of a small machine.
        model.model.unload_model()
    model = open_as(placement)
    _check_runs(model, directory, placement.calls)
    return model, placement


def _compute_type(requested: str, device: str, index: int) -> str:
    if requested != "auto":
        return requested
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device, index)
    return next(name for name in _COMPUTE_TYPES[device] if name in supported)


def _check_runs(model: Any, directory: Path, calls: int) -> Any:
    """Encode silence in so many calls at once to detect missing libraries and mismatched features now.

    Each call starts the threads of a worker: a process that cannot start them later is ended by OpenMP.

    Returns:
        What was encoded.

    Raises:
        MemoryError: there is too little memory for it.
    """
    import numpy as np

    require_window_memory(model, calls, SILENCE_S)
    _check_tokenizer(model, directory)
    features = model.feature_extractor(np.zeros(SILENCE_S * SAMPLE_RATE, np.float32))
    if len(features) != model.model.n_mels:
        raise ModelCorrupt(
            f"The model in {directory} needs {model.model.n_mels} mel bands, but its"
            f" preprocessor_config.json sets {len(features)}; download the model again."
        )
    with ThreadPoolExecutor(calls) as pool:
        for _ in pool.map(model.encode, [features] * calls):
            pass
    return features


def _check_tokenizer(model: Any, directory: Path) -> None:
    """Check that the tokenizer is that of the model: another one fails on each text, or garbles it."""
    expected = (
        _START_OF_MULTILINGUAL_TEXT if model.model.is_multilingual else _START_OF_ENGLISH_TEXT
    )
    if model.hf_tokenizer.token_to_id(_START) != expected:
        raise _damaged(directory, "tokenizer.json is that of another model")


def _encode_seconds(model: Any, features: Any) -> float:
    """Return how long a call takes while nothing else runs; the better of two, as another program may."""
    took_s = []
    for _ in range(2):
        began_at = time.monotonic()
        model.encode(features)
        took_s.append(time.monotonic() - began_at)
    return min(took_s)


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
        raise _damaged(directory, str(error)) from error
