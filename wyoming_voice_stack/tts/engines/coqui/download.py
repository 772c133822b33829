"""Coqui's catalogue of VITS models: what a name stands for, and fetching it."""

from __future__ import annotations

import http.client
import importlib.util
import json
import logging
import re
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import DiskFull, ModelCorrupt, ModelError, ModelNotFound
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_LOGGER = logging.getLogger(__name__)

MAX_ARCHIVE_BYTES = 4 * 1024**3
"""Of an archive, and of what is in it. The largest takes 0.7 GB."""
ANSWER_SECONDS = 30.0
"""How long the server may be silent."""

_PARTIAL = ".partial"
_NAME = re.compile(
    r"tts_models(?:/|--)(?P<language>\w[\w-]*?)(?:/|--)(?P<voice>[\w-]+(?:/[\w-]+)?)"
)
_WEIGHTS = ("model_file.pth", "model.pth", "best_model.pth", "checkpoint.pth", "model_file.pth.tar")
_COPY_BYTES = 1024 * 1024


def folder_name(name: str) -> str:
    """Coqui's name of a model as it names the folder: `tts_models--de--thorsten--vits`."""
    return name.replace("/", "--")


def voice_name(reference: str) -> str:
    """`thorsten-vits` for a name or folder of Coqui's; any other folder's own name."""
    parts = _NAME.fullmatch(_last(reference))
    return re.sub("/|--", "-", parts["voice"]) if parts else Path(reference).name


def language_of(reference: str) -> str | None:
    """BCP 47 tag of the language in a name of Coqui's; None if it has several or tells none."""
    parts = _NAME.fullmatch(_last(reference))
    tag = bcp47(parts["language"]) if parts else UNKNOWN
    return None if tag == UNKNOWN else tag


def find_weights(folder: Path) -> Path | None:
    """The model's weights in a folder; None if there are none."""
    return next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)


def stored_coqui(name: str, root: Path) -> Path | None:
    """Folder of a fetched model below `root`, or None."""
    folder = root / folder_name(name)
    return folder if folder.is_dir() else None


def fetch_coqui(name: str, root: Path, catalogue: Path | None = None) -> Path:
    """Fetch a VITS model below `root` and give its folder. Blocking; never asks anything.

    The archive is unpacked in `root/.partial` and moved into place in one rename, so the folder
    is there whole or not at all. `catalogue` stands for the one that coqui-tts brings.

    Raises:
        ModelNotFound: the name is not in the catalogue, or the model cannot be fetched.
        ModelCorrupt: what came is no model.
        DiskFull: there is no room for it.
        ModelError: the folder cannot be written.
    """
    stored = stored_coqui(name, root)
    if stored is not None:
        return stored
    address = _address(name, catalogue or _bundled_catalogue())
    try:
        (root / _PARTIAL).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root / _PARTIAL) as partial:
            archive = Path(partial) / "archive.zip"
            _download(name, address, archive)
            unpacked = _unpack(name, archive, Path(partial) / "unpacked")
            return _put_in_place(unpacked, root / folder_name(name))
    except (OSError, shutil.Error) as error:
        if disk_is_full(error):
            raise DiskFull(
                f"The disk became full while {name} was fetched to {root}; make room, or set"
                " MODELS_DIR to a folder on a larger disk"
            ) from error
        raise ModelError(
            f"cannot write {name} to {root} ({error}); set MODELS_DIR to a folder that has room"
            " and may be written to"
        ) from error


def _last(reference: str) -> str:
    return reference if reference.startswith("tts_models/") else Path(reference).name


def _bundled_catalogue() -> Path:
    spec = importlib.util.find_spec("TTS")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "coqui-tts is not installed, so its models are not known. Install it:"
            " pip install 'wyoming-voice-stack[tts]'"
        )
    return Path(spec.submodule_search_locations[0]) / ".models.json"


def _address(name: str, catalogue: Path) -> str:
    entry: Any = json.loads(catalogue.read_bytes())
    for part in name.split("/"):
        entry = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(entry, dict):
        raise ModelNotFound(
            f"Coqui has no model {name!r}; a name looks like tts_models/de/thorsten/vits, or give"
            " a folder."
        )
    address = entry.get("github_rls_url")
    if entry.get("default_vocoder") or not isinstance(address, str) or entry.get("tos_required"):
        raise ModelNotFound(
            f"{name} is not a VITS model that can be fetched from its name. Choose a name that ends"
            " in vits, or fetch the model by hand and give its folder."
        )
    return address


def _download(name: str, address: str, archive: Path) -> None:
    _LOGGER.info("Fetching %s", name)
    request = urllib.request.Request(address)  # noqa: S310 - the address is the catalogue's
    try:
        with (
            urllib.request.build_opener().open(request, timeout=ANSWER_SECONDS) as answer,
            archive.open("wb") as file,
        ):
            while block := answer.read(_COPY_BYTES):
                file.write(block)
                if file.tell() > MAX_ARCHIVE_BYTES:
                    raise ModelCorrupt(f"{address} is larger than any model; nothing is kept.")
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ValueError) as error:
        raise ModelNotFound(
            f"{name} cannot be fetched from {address} ({error}). Start once with access to the"
            " network, or copy the model's folder from a machine that has it."
        ) from error


def _unpack(name: str, archive: Path, into: Path) -> Path:
    """The folder in the archive that holds the model."""
    try:
        with zipfile.ZipFile(archive) as opened:
            if sum(entry.file_size for entry in opened.infolist()) > MAX_ARCHIVE_BYTES:
                raise ModelCorrupt(f"The archive of {name} holds more than any model.")
            opened.extractall(into)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ModelCorrupt(
            f"The archive of {name} is damaged ({error}); start again to fetch it anew."
        ) from error
    for config in sorted(into.rglob("config.json"), key=lambda path: len(path.parts)):
        if find_weights(config.parent) is not None:
            return config.parent
    raise ModelCorrupt(f"The archive of {name} holds no model; choose another one.")


def _put_in_place(unpacked: Path, final: Path) -> Path:
    try:
        unpacked.rename(final)
    except OSError:
        # Another process may have been quicker.
        if not final.is_dir():
            raise
    return final
