"""Importing coqui-tts with any build of torch, and without blocking the rest of the process.

coqui-tts requires torchaudio and, from torch 2.9 on, torchcodec. Every torchaudio wheel for Linux is a
CUDA build, whose native extension does not load with a CPU build of torch; torchcodec does not load
there either. coqui-tts needs only torchaudio's Python code and a function that reads audio files, so
this module substitutes the extension and that function. Where the real ones work, they are used.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.machinery
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from wyoming_voice_stack.tts.engines.failures import package_missing

_LOGGER = logging.getLogger(__name__)

# Only those that do not use Python: they are mapped while other threads run Python code.
_TORCH_LIBRARIES = ("libtorch_global_deps.so", "libc10.so", "libtorch_cpu.so", "libtorch.so")
# coqui-tts logs the text to speak, transformers its remarks about the checkpoint.
_VERBOSE_LOGGERS = ("TTS", "transformers")


@contextmanager
def importing() -> Iterator[None]:
    """Within the block, modules of coqui-tts can be imported; the first use prepares for that.

    The import creates some 400,000 objects. Collecting garbage among them stops every thread for 0.1 to
    0.4 s, so the collector is disabled meanwhile, and the objects are frozen: it never visits them.

    Raises:
        EngineError: coqui-tts or a package that it needs is not installed.
    """
    first = "TTS" not in sys.modules
    collecting = gc.isenabled()
    if first:
        gc.collect()
        gc.disable()
    try:
        prepare()
        yield
    except ImportError as error:
        raise package_missing("coqui-tts", "tts", error) from error
    finally:
        if first:
            gc.freeze()
            if collecting:
                gc.enable()
    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def prepare() -> None:
    """Make coqui-tts importable and import its root package. Later calls do nothing.

    Raises:
        ImportError: torch, torchaudio or coqui-tts is not installed.
    """
    if "TTS" in sys.modules:
        return
    _map_torch()
    importlib.import_module("torch")
    torchaudio = _import_torchaudio()
    if not _torchcodec_works():
        torchaudio.__dict__["load"] = read_recording
    with _torchcodec_found():
        importlib.import_module("TTS")


def read_recording(
    uri: str | os.PathLike[str], frame_offset: int = 0, num_frames: int = -1, **_ignored: Any
) -> tuple[Any, int]:
    """Replacement for `torchaudio.load` that uses libsndfile: wav, flac, ogg and mp3.

    Returns float32 samples in -1..1, shape [channels, samples], and their rate in Hz.
    """
    import soundfile
    import torch

    samples, sample_rate = soundfile.read(
        os.fspath(uri), frames=num_frames, start=frame_offset, dtype="float32", always_2d=True
    )
    return torch.from_numpy(samples.T.copy()), sample_rate


def _map_torch() -> None:
    """Map torch's libraries before Python's import does, which would hold the GIL meanwhile.

    ctypes releases the GIL during a foreign call such as `dlopen`. A library that does not load is left
    for the import to report.
    """
    spec = importlib.util.find_spec("torch")
    if sys.platform != "linux" or "torch" in sys.modules or spec is None or spec.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name in _TORCH_LIBRARIES:
        library = Path(spec.origin).parent / "lib" / name
        # torch itself loads the first one with global visibility.
        visible = os.RTLD_GLOBAL if name == _TORCH_LIBRARIES[0] else os.RTLD_LOCAL
        dlopen(os.fsencode(library), os.RTLD_NOW | visible)


def _import_torchaudio() -> ModuleType:
    try:
        return importlib.import_module("torchaudio")
    except (OSError, RuntimeError) as error:
        _LOGGER.debug(
            "torchaudio's native extension does not load (%s); using its Python code only", error
        )
    _forget("torchaudio")
    substitute = ModuleType("torchaudio._extension")
    substitute.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, fail_if_no_align=lambda function: function
    )
    sys.modules[substitute.__name__] = substitute
    return importlib.import_module("torchaudio")


def _torchcodec_works() -> bool:
    if importlib.util.find_spec("torchcodec") is None:
        return False
    try:
        importlib.import_module("torchcodec.decoders")
    except (ImportError, OSError, RuntimeError) as error:
        _LOGGER.debug("torchcodec does not load (%s); using libsndfile to read audio files", error)
        _forget("torchcodec")
        return False
    return True


@contextmanager
def _torchcodec_found() -> Iterator[None]:
    """Let coqui-tts find torchcodec; it checks once whether the package exists, and does not import it."""
    if importlib.util.find_spec("torchcodec") is not None:
        yield
        return
    found = ModuleType("torchcodec")
    found.__spec__ = importlib.machinery.ModuleSpec("torchcodec", loader=None)
    sys.modules["torchcodec"] = found
    try:
        yield
    finally:
        del sys.modules["torchcodec"]


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
