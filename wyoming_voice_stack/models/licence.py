"""Checks whether the user has accepted the Coqui Public Model License of XTTS.

The rule is that of coqui-tts 0.28 (`TTS/utils/manage.py`, `trainer/io.py`), which otherwise asks
at a prompt: the variable `COQUI_TOS_AGREED` is exactly `1`, or there is a file `tos_agreed.txt`
in the model's folder below the user's data folder. This program never accepts it for the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wyoming_voice_stack.errors import LicenceNotAccepted

XTTS_FAMILY = "tts_models/multilingual/multi-dataset/"
XTTS_NAMES = ("xtts_v2", "xtts_v1.1")
LICENCE_URL = "https://tts-hub.github.io/cpml"
AGREED_VARIABLE = "COQUI_TOS_AGREED"
AGREED_FILE = "tos_agreed.txt"


def needs_coqui_licence(model_name: str) -> bool:
    """Return True for coqui-tts' names of XTTS, and for their last parts alone."""
    return model_name.removeprefix(XTTS_FAMILY) in XTTS_NAMES


def coqui_licence_file(model_name: str, *, environ: Mapping[str, str]) -> Path:
    """Return the file that exists once the licence of this XTTS model is accepted.

    Raises:
        RuntimeError: neither `environ` nor the user database has the home folder.
    """
    short_name = model_name.removeprefix(XTTS_FAMILY)
    folder = (XTTS_FAMILY + short_name).replace("/", "--")
    return _data_folder(environ) / "tts" / folder / AGREED_FILE


def require_coqui_licence(model_name: str, *, environ: Mapping[str, str]) -> None:
    """Check that `model_name` is not XTTS, or that the user has accepted its licence.

    Raises:
        LicenceNotAccepted: the message says what to set or to run.
    """
    if not needs_coqui_licence(model_name) or _is_accepted(model_name, environ):
        return
    given = environ.get(AGREED_VARIABLE)
    only_one = "" if given is None else f" (it is {given!r}, and only 1 counts)"
    raise LicenceNotAccepted(
        f"{model_name} is under the Coqui Public Model License, for non-commercial use only:"
        f" read {LICENCE_URL}, and if you agree set {AGREED_VARIABLE}=1{only_one} or run"
        " scripts/accept_coqui_license.sh"
    )


def _is_accepted(model_name: str, environ: Mapping[str, str]) -> bool:
    if environ.get(AGREED_VARIABLE) == "1":
        return True
    try:
        return coqui_licence_file(model_name, environ=environ).exists()
    except (OSError, RuntimeError):
        # No home folder, or an unreadable one: the licence is not accepted.
        return False


def _data_folder(environ: Mapping[str, str]) -> Path:
    # A variable that is set and empty stands for the current folder.
    for variable in ("TTS_HOME", "XDG_DATA_HOME"):
        if variable in environ:
            return _expanded(environ[variable], environ).resolve()
    return _home(environ) / ".local" / "share"


def _expanded(folder: str, environ: Mapping[str, str]) -> Path:
    if folder == "~" or folder.startswith("~/"):
        return _home(environ) / folder[2:]
    return Path(folder).expanduser()


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()
