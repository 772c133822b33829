"""Loading a model by onnx-asr, with errors that name the cause."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.onnx.decoded_speech import DecodedSpeech
from wyoming_voice_stack.asr.onnx.layouts import Layout, can_translate, read_layout
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    VoiceStackError,
    install_hint,
)
from wyoming_voice_stack.machine.memory import ran_out_of_memory
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers

_PROVIDERS = ("CPUExecutionProvider",)
_TAKES_A_LANGUAGE = ("nemo-conformer-aed", "whisper")
"""Kinds, or the beginnings of their names, that take the language of the speech."""


class OnnxModel:
    """A loaded model. Any number of threads may call it at the same time."""

    def __init__(self, adapter: Any, layout: Layout) -> None:
        self._adapter = adapter
        self._layout = layout

    @property
    def takes_language(self) -> bool:
        """Whether it takes the language; other models recognize it themselves, or know only one."""
        return self._layout.kind.startswith(_TAKES_A_LANGUAGE)

    @property
    def needs_language(self) -> bool:
        """Whether it cannot detect the language: Canary takes all speech for English."""
        return self._layout.kind == "nemo-conformer-aed"

    @property
    def translates(self) -> bool:
        """Whether it can write what was said in English."""
        return can_translate(self._layout.kind)

    def decode(self, samples: Samples, language: str | None, *, to_english: bool) -> DecodedSpeech:
        """Decode one span of speech; `language` is Whisper's code."""
        options: dict[str, str] = {}
        if language and self.takes_language:
            options["language"] = language
        if to_english:
            options["target_language"] = "en"
        result = self._adapter.recognize(samples, sample_rate=SAMPLE_RATE, **options)
        return DecodedSpeech(
            result.text,
            tuple(result.tokens or ()),
            tuple(result.timestamps or ()),
            tuple(result.logprobs or ()),
        )


def check_folder(folder: Path) -> Layout:
    """Check that no file is missing, before heavy imports.

    Raises:
        ModelNotFound: the folder does not exist.
        ModelCorrupt: files are missing, or the model is of an unknown kind.
    """
    if not folder.is_dir():
        raise ModelNotFound(f"Model directory {folder} does not exist; check ASR_MODEL.")
    refuse_lfs_pointers(folder)
    return read_layout(folder)


def open_onnx_model(folder: Path, layout: Layout, threads: int) -> OnnxModel:
    """Load a model for `threads` threads a call, and run it once.

    Raises:
        ModelCorrupt: a file is damaged, or belongs to another model.
        EngineError: onnx-asr is not installed, or the memory does not suffice.
    """
    with _classified_errors(folder):
        import onnx_asr

        loaded = onnx_asr.load_model(
            layout.kind,
            folder,
            quantization=layout.quantization,
            sess_options=_session_options(threads),
            providers=_PROVIDERS,
            # It is created for all rates and never used.
            resampler_config={"sess_options": _session_options(1), "providers": _PROVIDERS},
        )
        model = OnnxModel(loaded.with_timestamps(), layout)
        language = "en" if model.needs_language else None
        model.decode(np.zeros(SAMPLE_RATE, np.float32), language, to_english=False)
        return model


def _session_options(threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # A session would keep the memory of its longest speech and never free it.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # Otherwise threads would spin while they wait, and take the CPU from those that work.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


@contextmanager
def _classified_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except VoiceStackError:
        raise
    except ImportError as error:
        raise EngineError(
            f"onnx-asr cannot be imported ({error}); {install_hint('onnx-asr')}"
        ) from error
    except Exception as error:
        if ran_out_of_memory(error):
            raise EngineError(f"The memory does not suffice to load {folder}.") from error
        # ONNX Runtime and the library raise a class of their own for each kind of damage.
        raise ModelCorrupt(
            f"The model in {folder} cannot be loaded ({type(error).__name__}: {error}); delete the"
            " folder and download the model again."
        ) from error
