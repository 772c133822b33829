"""Importing coqui-tts: on any build of torch, and without stopping the rest of the process.

coqui-tts asks for torchaudio and, from torch 2.9 on, for torchcodec. Every torchaudio wheel
for Linux is a CUDA build, whose native half does not load beside a CPU build of torch, and
torchcodec does not load there either. coqui-tts needs only torchaudio's Python half and a
function that reads recordings, so both are put right here. Where the real ones work, they
are left alone.
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

from wyoming_voice_stack.errors import EngineError

_LOGGER = logging.getLogger(__name__)

# Only those without Python inside: they are mapped while other threads run Python.
_TORCH_LIBRARIES = ("libtorch_global_deps.so", "libc10.so", "libtorch_cpu.so", "libtorch.so")
# coqui-tts logs the text that is spoken, transformers what it thinks of the checkpoint.
_TALKATIVE_LOGGERS = ("TTS", "transformers")


@contextmanager
def importing() -> Iterator[None]:
    """Within it, modules of coqui-tts may be imported; the first time prepares for that.

    Importing makes some 400 000 objects. To look for garbage among them, then or later, stops
    every thread for 0.1 to 0.4 s; so the collector rests meanwhile, and leaves them out for good.

    Raises:
        EngineError: coqui-tts or something that it needs is not installed.
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
        raise EngineError(
            f"coqui-tts cannot be imported ({error}). Install what it needs:"
            " pip install 'wyoming-voice-stack[tts]'"
        ) from error
    finally:
        if first:
            gc.freeze()
            if collecting:
                gc.enable()
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def prepare() -> None:
    """Make coqui-tts importable, and import its root. Does nothing once that is done.

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
    """What `torchaudio.load` does, by libsndfile: wav, flac, ogg and mp3.

    Returns float32 samples in -1..1, shape [channels, samples], and their rate in Hz.
    """
    import soundfile
    import torch

    samples, sample_rate = soundfile.read(
        os.fspath(uri), frames=num_frames, start=frame_offset, dtype="float32", always_2d=True
    )
    return torch.from_numpy(samples.T.copy()), sample_rate


def _map_torch() -> None:
    """Map torch's libraries before Python's import does, which would hold every thread.

    ctypes lets other threads run during a foreign call, and `dlopen` is one. A library that
    does not load is left for the import to complain of.
    """
    spec = importlib.util.find_spec("torch")
    if sys.platform != "linux" or "torch" in sys.modules or spec is None or spec.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name in _TORCH_LIBRARIES:
        library = Path(spec.origin).parent / "lib" / name
        # The first is what torch itself loads for all to see.
        visible = os.RTLD_GLOBAL if name == _TORCH_LIBRARIES[0] else os.RTLD_LOCAL
        dlopen(os.fsencode(library), os.RTLD_NOW | visible)


def _import_torchaudio() -> ModuleType:
    try:
        return importlib.import_module("torchaudio")
    except (OSError, RuntimeError) as error:
        _LOGGER.debug("torchaudio's native half does not load (%s); doing without", error)
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
        _LOGGER.debug("torchcodec does not load (%s); libsndfile reads recordings", error)
        _forget("torchcodec")
        return False
    return True


@contextmanager
def _torchcodec_found() -> Iterator[None]:
    """Let coqui-tts find torchcodec, which it looks for once and does not import."""
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
