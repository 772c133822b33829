"""Recognizes Kokoro in the settings: by its name, or a folder with its files."""

from __future__ import annotations

from pathlib import Path

from wyoming_voice_stack.server.assembly.references.piper_references import PIPER_SCHEME
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB, MODEL_SUFFIX, VOICES
from wyoming_voice_stack.tts.engines.kokoro.voices import VoiceFolder
from wyoming_voice_stack.tts.engines.piper.loading import config_path

KOKORO = "kokoro"
"""The model on the hub."""
KOKORO_SCHEME = f"{KOKORO}:"


def kokoro_reference(name: str) -> str | None:
    """Return `kokoro`, or the path that `name` stands for, without the prefix; None for other models.

    The name of its repository stands for `kokoro`. A folder whose `voices/` has voices of Kokoro needs
    no prefix, nor does a model beside it, unless a `.json` file says that it is a Piper voice.
    """
    if name.lower() in {KOKORO, KOKORO_SCHEME} or name == KOKORO_HUB.repo_id:
        return KOKORO
    if name.lower().startswith(KOKORO_SCHEME):
        return name[len(KOKORO_SCHEME) :].strip()
    if name.lower().startswith(PIPER_SCHEME):
        return None
    return name if _has_voices(name) else None


def _has_voices(name: str) -> bool:
    try:
        path = Path(name).expanduser()
        place = path
        if path.suffix == MODEL_SUFFIX:
            if config_path(path).is_file():
                return False
            place = path.parent
        return bool(name) and bool(VoiceFolder(place / VOICES).names)
    except (OSError, RuntimeError, ValueError):
        # Unreadable or too long; the home folder of an unknown user; a NUL character.
        return False
