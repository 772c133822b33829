"""Where a model is: a path, a part of an installed package, or a name that the hub knows."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.errors import ModelError, ModelNotFound
from wyoming_voice_stack.models.fetch import fetch
from wyoming_voice_stack.models.hub import HubModel, verify

__all__ = ["HubModel", "ModelStore", "StoredModel", "verify"]

PACKAGE_SCHEME = "pkg:"


@dataclass(frozen=True)
class StoredModel:
    """A model that was fetched, or put there by hand."""

    name: str
    path: Path
    size_bytes: int


class ModelStore:
    """Turns a reference into a path. Thread-safe; holds nothing open.

    A reference is one of

    - a path to a file or folder, `~` standing for the home folder;
    - `pkg:PACKAGE/PATH`, a file or folder that an installed package brings. The package is found,
      never imported;
    - any other name, for which a `HubModel` says what to fetch.

    A name without a separator is a name if there is a `HubModel` for it, whatever the current
    folder holds; write `./name` for the folder.
    """

    def __init__(self, root: Path, *, offline: bool = False) -> None:
        self._root = root.expanduser()
        self._offline = offline

    @property
    def root(self) -> Path:
        """Folder that fetched models are kept in."""
        return self._root

    def resolve(self, reference: str, hub: HubModel | None = None) -> Path:
        """Where `reference` is, after fetching it if need be. Blocking, for minutes if it fetches.

        What is there already is used without a look at the network.

        Raises:
            ModelNotFound: it is not there and cannot be fetched.
            ModelCorrupt: it was fetched and is not what it should be.
            ModelError: it cannot be written below `root`.
        """
        found = self.find(reference, hub)
        if found is not None:
            return found
        if hub is None or _names_a_place(reference):
            raise ModelNotFound(_missing(reference))
        if self._offline:
            raise ModelNotFound(hub.absent(self._root, "and fetching is switched off"))
        return fetch(hub, self._root)

    def find(self, reference: str, hub: HubModel | None = None) -> Path | None:
        """Where `reference` is, or None. Never touches the network and never writes.

        Raises:
            ModelNotFound: `pkg:` is followed by something that is no path in a package.
        """
        if reference.startswith(PACKAGE_SCHEME):
            return _in_package(reference)
        place_only = _names_a_place(reference)
        if hub is None or place_only or os.sep in reference:
            path = _path(reference)
            if path is not None:
                return path
        return None if hub is None or place_only else hub.stored(self._root)

    def installed(self) -> list[StoredModel]:
        """Every model below `root`, by name. Empty if `root` does not exist.

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
                " folder that may be read"
            ) from error


def _names_a_place(reference: str) -> bool:
    """True if the reference can only be a path or a package, never a name on the hub."""
    return reference.startswith((PACKAGE_SCHEME, os.sep, ".", "~"))


def _path(reference: str) -> Path | None:
    try:
        path = Path(reference).expanduser()
        path.stat()
    except (OSError, RuntimeError, ValueError):
        # Absent, unreadable or too long; the home of an unknown user; a NUL within.
        return None
    return path if reference else None


def _missing(reference: str) -> str:
    if reference.startswith(PACKAGE_SCHEME):
        package, _, rest = reference.removeprefix(PACKAGE_SCHEME).partition("/")
        if _package_folders(package):
            return f"the installed package {package} has no {rest}; install the version that has it"
        return f"package {package} of {reference} is not installed; run: pip install {package}"
    if os.sep in reference or _names_a_place(reference):
        return f"model path {reference} does not exist or cannot be read; check the path"
    return f"model {reference!r} is neither a path nor a known name; check the spelling"


def _in_package(reference: str) -> Path | None:
    package, *parts = reference.removeprefix(PACKAGE_SCHEME).split("/")
    if not package.isidentifier() or ".." in parts:
        raise ModelNotFound(
            f"{reference!r} does not name a place in a package; write pkg:PACKAGE/PATH, the package"
            " as Python imports it, and no `..` in the path"
        )
    places = (folder.joinpath(*parts) for folder in _package_folders(package))
    return next((place for place in places if place.exists()), None)


def _package_folders(package: str) -> list[Path]:
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:
        # Something without a spec, such as `__main__`, is in sys.modules under this name.
        return []
    return [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]


def _stored(folder: Path) -> StoredModel:
    files = (path for path in folder.rglob("*") if path.is_file())
    size_bytes = sum(path.stat().st_size for path in files)
    return StoredModel(folder.name.replace("--", "/", 1), folder, size_bytes)
