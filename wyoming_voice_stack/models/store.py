"""Finds a model: by path, in an installed package, or by its name on the hub."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wyoming_voice_stack.errors import ModelError, ModelNotFound
from wyoming_voice_stack.models.fetch import fetch
from wyoming_voice_stack.models.hub_model import HubModel, verify
from wyoming_voice_stack.models.progress import Progress, ProgressLines

__all__ = ["HubModel", "ModelStore", "StoredModel", "shown_name", "size_on_disk", "verify"]

_LOGGER = logging.getLogger(__name__)

PACKAGE_SCHEME = "pkg:"
_FILE_SUFFIX = ".onnx"
_HUB_PREFIX, _HUB_SNAPSHOTS = "models--", "snapshots"
"""Parts of paths in the hub's own cache: models--ORGANISATION--NAME/snapshots/REVISION."""

_VOICE_FILE = re.compile(r"/([a-z]{2,3}_[A-Z]{2}-\w+-\w+)\.onnx")
_HUB_PAGE = re.compile(r"//(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+/[\w.-]+)")
"""The name of a Piper voice, and of a model, in the address of a file or page on the hub."""


@dataclass(frozen=True)
class StoredModel:
    """A model in the store's folder, fetched or copied there by hand."""

    name: str
    path: Path
    size_bytes: int


class ModelStore:
    """Resolves a reference to a path. Thread-safe; keeps no files open.

    A reference is one of

    - a path to a file or folder; `~` is the home folder;
    - `pkg:PACKAGE/PATH`, a file or folder in an installed package, which is not imported;
    - any other name, for which a `HubModel` says what to fetch.

    A name without a separator that has a `HubModel` is never taken for a folder of that name in the
    current folder; write `./name` for the folder.
    """

    def __init__(
        self, root: Path, *, offline: bool = False, progress: Progress | None = None
    ) -> None:
        self._root = root.expanduser()
        self._offline = offline
        self._used: set[Path] = set()
        self.progress = progress
        """Receives how far a download is; None leaves it to the log."""
        self.part_fetched: float | None = None
        """Part of a model that has arrived, from 0 to 1; None while nothing is fetched."""

    @property
    def root(self) -> Path:
        """Folder with the fetched models."""
        return self._root

    def resolve(self, reference: str, hub: HubModel | None = None) -> Path:
        """Return the path of `reference`, and fetch it first if needed. Blocking, for minutes if it fetches.

        A model that exists is used without network access.

        Raises:
            ModelNotFound: it does not exist and cannot be fetched.
            ModelCorrupt: it was fetched and its digest is wrong.
            ModelError: it cannot be written below `root`.
        """
        path = self.find(reference, hub)
        if path is None:
            path = self._fetch(reference, hub)
        self._used.add(path)
        return path

    def used_folders(self) -> list[Path]:
        """Return the folders of the models that `resolve` returned so far, which may have digests."""
        return sorted(path for path in self._used if path.is_dir())

    def find(self, reference: str, hub: HubModel | None = None) -> Path | None:
        """Return the path of `reference`, or None. Uses no network and writes nothing.

        Raises:
            ModelNotFound: `pkg:` is not followed by a path in a package.
        """
        if reference.startswith(PACKAGE_SCHEME):
            return _in_package(reference)
        local_only = _is_local(reference)
        if hub is None or local_only or os.sep in reference:
            path = _path(reference)
            if path is not None:
                return path
        return None if hub is None or local_only else hub.stored(self._root)

    def _fetch(self, reference: str, hub: HubModel | None) -> Path:
        if hub is None or _is_local(reference):
            raise ModelNotFound(_missing(reference))
        if self._offline:
            raise ModelNotFound(hub.absent(self._root, "and downloads are disabled"))
        progress = self.progress or ProgressLines(hub.repo_id, _LOGGER.info)
        try:
            return fetch(hub, self._root, partial(self._note_progress, progress))
        finally:
            self.part_fetched = None

    def _note_progress(self, progress: Progress, done_bytes: int, total_bytes: int) -> None:
        self.part_fetched = done_bytes / total_bytes if total_bytes else None
        progress(done_bytes, total_bytes)

    def installed(self) -> list[StoredModel]:
        """Return all models below `root`, sorted by name. Empty if `root` does not exist.

        Raises:
            ModelError: `root` cannot be read.
        """
        try:
            folders = sorted(path for path in self._root.iterdir() if path.is_dir())
            return [_stored(folder) for folder in folders if not folder.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelError(
                f"cannot list the models in {self._root} ({error.strerror}); set MODELS_DIR to a"
                " readable folder"
            ) from error


def shown_name(reference: str) -> str:
    """Return a model's name for clients: of a path the last part, and never the path itself.

    `/models/anna.onnx` is `anna`, `pkg:PACKAGE/DIR/NAME` is `PACKAGE/NAME`, and a folder of the hub's
    cache has the name of its repository. A name that is no path is returned as it is.
    """
    if reference.startswith(PACKAGE_SCHEME):
        package, _, rest = reference.removeprefix(PACKAGE_SCHEME).partition("/")
        path = Path(rest)
        return path.stem if path.suffix == _FILE_SUFFIX else f"{package}/{path.name}".rstrip("/")
    if not _is_local(reference) and (os.sep not in reference or _path(reference) is None):
        return reference
    path = Path(os.path.normpath(Path.cwd() / reference))
    if path.parent.name == _HUB_SNAPSHOTS:
        path = path.parent.parent
    name = path.stem if path.suffix == _FILE_SUFFIX else path.name
    return name.removeprefix(_HUB_PREFIX).replace("--", "/")


def _is_local(reference: str) -> bool:
    """Return True if the reference can only be a path or a package, not a name on the hub."""
    return reference.startswith((PACKAGE_SCHEME, os.sep, ".", "~"))


def _path(reference: str) -> Path | None:
    try:
        path = Path(reference).expanduser()
        path.stat()
    except (OSError, RuntimeError, ValueError):
        # Missing, unreadable or too long; the home folder of an unknown user; a NUL character.
        return None
    return path if reference else None


def _missing(reference: str) -> str:
    if reference.startswith(PACKAGE_SCHEME):
        package, _, rest = reference.removeprefix(PACKAGE_SCHEME).partition("/")
        if _package_folders(package):
            return f"the installed package {package} does not contain {rest}; install a version that does"
        return f"package {package} of {reference} is not installed; run: pip install {package}"
    if "://" in reference:
        on_hub = _VOICE_FILE.search(reference) or _HUB_PAGE.search(reference)
        name = f"its name, {on_hub[1]}" if on_hub else "a name such as organisation/name"
        return f"{reference} is an address, not a model; use {name}"
    if os.sep in reference or _is_local(reference):
        return f"model path {reference} does not exist or cannot be read; check the path"
    return f"model {reference!r} is neither a path nor a known name; check the spelling"


def _in_package(reference: str) -> Path | None:
    package, *parts = reference.removeprefix(PACKAGE_SCHEME).split("/")
    if not package.isidentifier() or ".." in parts:
        raise ModelNotFound(
            f"{reference!r} does not name a path in a package; write pkg:PACKAGE/PATH with the package's"
            " import name and without `..` in the path"
        )
    paths = (folder.joinpath(*parts) for folder in _package_folders(package))
    return next((path for path in paths if path.exists()), None)


def _package_folders(package: str) -> list[Path]:
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:
        # A module without a spec, such as `__main__`, has this name in sys.modules.
        return []
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def size_on_disk(path: Path) -> int:
    """Return the size of a file, or of all files in a folder, in bytes."""
    files = [path] if path.is_file() else (each for each in path.rglob("*") if each.is_file())
    return sum(file.stat().st_size for file in files)


def _stored(folder: Path) -> StoredModel:
    return StoredModel(folder.name.replace("--", "/", 1), folder, size_on_disk(folder))
