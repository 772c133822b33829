"""Coqui's catalogue of VITS models: resolving a name and downloading the model."""

from __future__ import annotations

import http.client
import importlib.util
import json
import logging
import re
import shutil
import ssl
import urllib.error
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import (
    DiskFull,
    ModelCorrupt,
    ModelError,
    ModelNotFound,
    install_hint,
)
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.models.partial_downloads import locked, remove_stale
from wyoming_voice_stack.models.progress import Progress, ProgressLines
from wyoming_voice_stack.models.transfer import SlowServer, Source, download
from wyoming_voice_stack.models.write_access import cannot_write
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_LOGGER = logging.getLogger(__name__)

MAX_ARCHIVE_BYTES = 4 * 1024**3
"""Size limit of an archive and of its contents. The largest model has 0.7 GB."""

_NAME = re.compile(
    r"tts_models(?:/|--)(?P<language>\w[\w-]*?)(?:/|--)(?P<voice>[\w-]+(?:/[\w-]+)?)"
)
_UNPACKED = "unpacked"
_WEIGHTS = ("model_file.pth", "model.pth", "best_model.pth", "checkpoint.pth", "model_file.pth.tar")
_NETWORK_ERRORS = (
    urllib.error.URLError,
    http.client.HTTPException,
    ConnectionError,
    SlowServer,
    TimeoutError,
    ValueError,
    ssl.SSLError,
)


def folder_name(name: str) -> str:
    """The folder that coqui-tts uses for a model, such as `tts_models--de--thorsten--vits`."""
    return name.replace("/", "--")


def voice_name(reference: str) -> str:
    """`thorsten-vits` for a model name or folder of Coqui's; the folder's name for any other folder."""
    parts = _NAME.fullmatch(_base_name(reference))
    return re.sub("/|--", "-", parts["voice"]) if parts else Path(reference).name


def language_of(reference: str) -> str | None:
    """BCP 47 tag of the language in a model name of Coqui's; None if it has several or names none."""
    parts = _NAME.fullmatch(_base_name(reference))
    tag = bcp47(parts["language"]) if parts else UNKNOWN
    return None if tag == UNKNOWN else tag


def find_weights(folder: Path) -> Path | None:
    """The weights file in a folder; None if there is none."""
    return next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)


def stored_coqui(name: str, root: Path) -> Path | None:
    """Folder of a downloaded model below `root`, or None."""
    folder = root / folder_name(name)
    return folder if folder.is_dir() else None


def require_coqui_name(name: str) -> None:
    """Check that a model can be downloaded by its name; reads coqui-tts's catalogue.

    Raises:
        ModelNotFound: it is not in the catalogue, or is not a VITS model.
        ModelError: coqui-tts is not installed.
    """
    _address(name, _bundled_catalogue())


def fetch_coqui(
    name: str, root: Path, catalogue: Path | None = None, progress: Progress | None = None
) -> Path:
    """Download a VITS model to a folder below `root` and return it. Blocking; never prompts.

    The archive is unpacked in `root/.partial` and moved into place with one rename, so the folder is
    either complete or absent. What has arrived before an interruption is kept for the next attempt.
    `catalogue` replaces the one that is part of coqui-tts; without `progress`, the log tells it.

    Raises:
        ModelNotFound: the name is not in the catalogue, or the model cannot be downloaded.
        ModelCorrupt: the downloaded archive does not contain a model.
        DiskFull: there is no space for it.
        ModelError: the folder cannot be written.
    """
    stored = stored_coqui(name, root)
    if stored is not None:
        return stored
    address = _address(name, catalogue or _bundled_catalogue())
    try:
        with locked(root, folder_name(name), name) as collected:
            stored = stored_coqui(name, root)
            if stored is not None:
                return stored
            remove_stale(root)
            shutil.rmtree(collected / _UNPACKED, ignore_errors=True)
            collected.mkdir(exist_ok=True)
            archive = collected / "archive.zip"
            try:
                _download(name, address, archive, progress or ProgressLines(name, _LOGGER.info))
                unpacked = _unpack(name, archive, collected / _UNPACKED)
                _put_in_place(unpacked, root / folder_name(name))
            except ModelCorrupt:
                archive.unlink(missing_ok=True)
                raise
            finally:
                if not archive.exists() or stored_coqui(name, root):
                    shutil.rmtree(collected)
            return root / folder_name(name)
    except (OSError, shutil.Error) as error:
        if disk_is_full(error):
            raise DiskFull(
                f"The disk is full: {name} cannot be downloaded to {root}. Free some space, or set"
                " MODELS_DIR to a folder on a larger disk."
            ) from error
        raise ModelError(cannot_write(name, root, error, str(error))) from error


def _base_name(reference: str) -> str:
    return reference if reference.startswith("tts_models/") else Path(reference).name


def _bundled_catalogue() -> Path:
    spec = importlib.util.find_spec("TTS")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "coqui-tts is not installed, so its catalogue of models is missing;"
            f" {install_hint('tts')}"
        )
    return Path(spec.submodule_search_locations[0]) / ".models.json"


def _address(name: str, catalogue: Path) -> str:
    entry: Any = json.loads(catalogue.read_bytes())
    for part in name.split("/"):
        entry = entry.get(part) if isinstance(entry, dict) else None
    if not isinstance(entry, dict):
        raise ModelNotFound(
            f"Unknown Coqui model {name!r}. Use a name such as tts_models/de/thorsten/vits, or the path"
            " of a model's folder."
        )
    address = entry.get("github_rls_url")
    if entry.get("default_vocoder") or not isinstance(address, str) or entry.get("tos_required"):
        raise ModelNotFound(
            f"{name} is not a VITS model that can be downloaded by name. Choose a name that ends in"
            " vits, or download the model yourself and set the path of its folder."
        )
    return address


def _download(name: str, address: str, archive: Path, progress: Progress) -> None:
    _LOGGER.info("Downloading %s", name)
    try:
        source = Source(address, MAX_ARCHIVE_BYTES)
        download(lambda: source, archive, partial(_report, progress))
    except _NETWORK_ERRORS as error:
        raise ModelNotFound(
            f"{name} cannot be downloaded from {address} ({error}). Start once with network access, or"
            " copy the model's folder from a machine that has it."
        ) from error


def _report(progress: Progress, size: int) -> None:
    progress(size, 0)


def _unpack(name: str, archive: Path, into: Path) -> Path:
    """Unpack the archive and return the folder that contains the model."""
    try:
        with zipfile.ZipFile(archive) as opened:
            if sum(entry.file_size for entry in opened.infolist()) > MAX_ARCHIVE_BYTES:
                raise ModelCorrupt(f"The archive of {name} exceeds the size limit for models.")
            opened.extractall(into)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ModelCorrupt(
            f"The archive of {name} is damaged ({error}). Restart to download it again."
        ) from error
    for config in sorted(into.rglob("config.json"), key=lambda path: len(path.parts)):
        if find_weights(config.parent) is not None:
            return config.parent
    raise ModelCorrupt(f"The archive of {name} contains no model. Choose another model.")


def _put_in_place(unpacked: Path, final: Path) -> Path:
    try:
        unpacked.rename(final)
    except OSError:
        # Another process may have finished first.
        if not final.is_dir():
            raise
    return final
