"""Loading a VITS model of coqui-tts from wherever its folder is now."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelError
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.torch_device import place

ESPEAK_SECONDS = 30.0
"""How long espeak-ng may take for one sentence; it takes milliseconds."""

_NAMED_FILES = ("speakers_file", "d_vector_file", "language_ids_file")
_LANGUAGE_SWITCH = re.compile(r"\(.+?\)")


def load_vits(folder: Path, weights: Path, device: str, threads: int | None) -> Any:
    """The model in evaluation mode on `device`, ready to synthesize.

    Raises:
        ModelCorrupt: a file is damaged.
        ModelError: the model is not a VITS model.
        EngineError: coqui-tts or espeak-ng is not installed, or the device does not work.
    """
    with importing():
        import torch
        from TTS.config import load_config
        from TTS.tts.models.vits import Vits

    # torch counts the machine's cores, of which a container may have few.
    torch.set_num_threads(threads or min(torch.get_num_threads(), available_cores()))
    try:
        config = load_config(str(folder / "config.json"))
        _require_vits(folder, config.model)
        _adapt(config, folder)
        model = Vits(config)
        model.load_checkpoint(config, str(weights), eval=True)
    except ModelError:
        raise
    except Exception as error:
        raise _explained(folder, error) from error
    _lighten(model)
    return place(model, device)


def _require_vits(folder: Path, architecture: str) -> None:
    if architecture != "vits":
        raise ModelError(
            f"The model in {folder} is {architecture!r}; only VITS models and XTTS can be used."
        )


def _explained(folder: Path, error: Exception) -> Exception:
    if isinstance(error, ImportError) or "espeak" in str(error):
        return EngineError(
            f"The model in {folder} needs something that is not installed ({error}). Most Coqui"
            " models need espeak-ng: apt-get install espeak-ng"
        )
    return ModelCorrupt(
        f"The Coqui model in {folder} cannot be read ({type(error).__name__}: {error}). Delete the"
        " folder and fetch the model again."
    )


def _adapt(config: Any, folder: Path) -> None:
    """Name the model's files where they are, and leave out what only cloning and training need."""
    for holder in (config, config.model_args):
        for setting in _NAMED_FILES:
            if getattr(holder, setting, None):
                holder[setting] = _beside(folder, holder[setting])
    arguments = config.model_args
    arguments.speaker_encoder_model_path = arguments.speaker_encoder_config_path = ""
    arguments.use_speaker_encoder_as_loss = False


def _beside(folder: Path, named: Any) -> Any:
    """The same file name in `folder`: configurations hold the path on their author's machine."""
    if isinstance(named, list):
        return [_beside(folder, each) for each in named]
    moved = folder / Path(named).name
    return str(moved) if moved.is_file() else named


def _lighten(model: Any) -> None:
    if hasattr(model, "disc"):
        # Two thirds of the weights, and only training asks them.
        del model.disc
    phonemizer = model.tokenizer.phonemizer
    if phonemizer is not None and hasattr(phonemizer, "phonemize_espeak"):
        # The stock way writes the text to a file for each sentence.
        phonemizer.phonemize_espeak = lambda text, separator="|", **_options: _phonemes(
            phonemizer.backend, phonemizer.language, text
        ).replace("_", separator)


def _phonemes(program: str, voice: str, text: str) -> str:
    """IPA of `text` from espeak-ng, which reads it from a pipe, without marks of other languages."""
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
