"""Recognizes Piper voices in the settings, also where the prefix `piper:` is missing."""

from __future__ import annotations

from pathlib import Path

from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.tts.engines.piper.engine import is_piper_name

PIPER_SCHEME = "piper:"
_MODEL = ".onnx"
_CONFIGURATION = ".onnx.json"


def piper_reference(name: str) -> str | None:
    """Return the voice that `name` stands for, without the prefix; None if it is not a Piper voice.

    A name in the form of Piper's, a path that ends in `.onnx` or `.onnx.json`, and a folder with an
    `.onnx` file and without a `config.json` are Piper voices without the prefix, too.

    Raises:
        ModelNotFound: a folder contains several voices, or with the prefix, none.
    """
    prefixed = name.lower().startswith(PIPER_SCHEME)
    voice = name[len(PIPER_SCHEME) :].strip() if prefixed else name
    if voice.endswith(_CONFIGURATION):
        voice = voice.removesuffix(".json")
    if voice.endswith(_MODEL) or is_piper_name(voice):
        return voice
    found = _on_disk(voice, required=prefixed)
    return voice if found is None and prefixed else found


def _on_disk(voice: str, *, required: bool) -> str | None:
    try:
        path = Path(voice).expanduser()
        if path.is_dir():
            return _in_folder(path, required=required) if voice else None
        return f"{voice}{_MODEL}" if Path(f"{path}{_MODEL}").is_file() else None
    except (OSError, RuntimeError, ValueError):
        # Unreadable or too long; the home folder of an unknown user; a NUL character.
        return None


def _in_folder(folder: Path, *, required: bool) -> str | None:
    voices = sorted(folder.glob(f"*{_MODEL}"))
    if not required and (not voices or (folder / "config.json").is_file()):
        return None
    if len(voices) == 1:
        return str(voices[0])
    found = ", ".join(voice.name for voice in voices) or f"no {_MODEL} file"
    raise ModelNotFound(
        f"{folder} is a folder with {found}; set TTS_MODEL to the path of one Piper voice, such as"
        f" piper:{folder / 'voice.onnx'}"
    )
