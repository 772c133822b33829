"""Loading a VITS model of coqui-tts from a folder that may have been moved."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelError
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.torch_device import limit_threads, place

ESPEAK_SECONDS = 30.0
"""Time limit for one sentence in espeak-ng, which takes milliseconds."""

_NAMED_FILES = ("speakers_file", "d_vector_file", "language_ids_file")
_UNKNOWN_LANGUAGE = "is not supported by the"
"""Words of coqui-tts's error for a language that espeak-ng does not have."""
_LANGUAGE_SWITCH = re.compile(r"\(.+?\)")


def load_vits(folder: Path, weights: Path, device: str, threads: int | None) -> Any:
    """The model in evaluation mode on `device`, ready to synthesize.

    Raises:
        ModelCorrupt: a file is damaged.
        ModelError: the model is not a VITS model.
        EngineError: coqui-tts or espeak-ng is not installed, or the device does not work.
    """
    refuse_lfs_pointers(folder)
    with importing():
        from TTS.config import load_config
        from TTS.tts.models.vits import Vits

    limit_threads(threads)
    try:
        config = load_config(str(folder / "config.json"))
        _require_vits(folder, config.model)
        _adapt_config(config, folder)
        model = Vits(config)
        model.load_checkpoint(config, str(weights), eval=True)
    except ModelError:
        raise
    except Exception as error:
        raise _load_error(folder, error) from error
    _reduce_memory(model)
    return place(model, device)


def _require_vits(folder: Path, architecture: str) -> None:
    if architecture != "vits":
        raise ModelError(
            f"The model in {folder} is of type {architecture!r}. Only VITS models and XTTS are supported."
        )


def _load_error(folder: Path, error: Exception) -> Exception:
    if _UNKNOWN_LANGUAGE in str(error):
        return ModelCorrupt(
            f"The Coqui model in {folder} cannot be loaded: {error}. Correct phoneme_language in its"
            " config.json, or update espeak-ng."
        )
    if isinstance(error, ImportError) or "espeak" in str(error):
        return EngineError(
            f"The model in {folder} needs a program or package that is not installed ({error}). Most"
            " Coqui models need espeak-ng: apt-get install espeak-ng"
        )
    return ModelCorrupt(
        f"The Coqui model in {folder} cannot be loaded ({type(error).__name__}: {error}). Delete the"
        " folder and download the model again."
    )


def _adapt_config(config: Any, folder: Path) -> None:
    """Set the paths of the model's files, and remove what only cloning and training need."""
    for holder in (config, config.model_args):
        for setting in _NAMED_FILES:
            if getattr(holder, setting, None):
                holder[setting] = _moved(folder, holder[setting])
    arguments = config.model_args
    arguments.speaker_encoder_model_path = arguments.speaker_encoder_config_path = ""
    arguments.use_speaker_encoder_as_loss = False


def _moved(folder: Path, named: Any) -> Any:
    """The same file name in `folder`: configurations contain the path on their author's machine."""
    if isinstance(named, list):
        return [_moved(folder, each) for each in named]
    path = folder / Path(named).name
    return str(path) if path.is_file() else named


def _reduce_memory(model: Any) -> None:
    if hasattr(model, "disc"):
        # The discriminator: two thirds of the weights, needed only for training.
        del model.disc
    phonemizer = model.tokenizer.phonemizer
    if phonemizer is not None and hasattr(phonemizer, "phonemize_espeak"):
        # coqui-tts writes each sentence to a temporary file.
        phonemizer.phonemize_espeak = lambda text, separator="|", **_options: _phonemes(
            phonemizer.backend, phonemizer.language, text
        ).replace("_", separator)


def _phonemes(program: str, voice: str, text: str) -> str:
    """The text in IPA without language switch marks, from espeak-ng, which reads it from a pipe."""
    command = [program, "-q", "-b", "1", "-v", voice, "--ipa=1", "--stdin"]
    answer = subprocess.run(  # noqa: S603 - a program of the system, found by coqui-tts
        command,
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=ESPEAK_SECONDS,
    )
    return "".join(
        _LANGUAGE_SWITCH.sub("", line.strip()).strip() for line in answer.stdout.splitlines()
    )
