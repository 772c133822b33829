"""Fetches a model from the hub into a folder: complete and verified, or not at all."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from wyoming_voice_stack.errors import DiskFull, ModelCorrupt, ModelNotFound
from wyoming_voice_stack.models.digests import DIGESTS_FILE, write_digests
from wyoming_voice_stack.models.hub_errors import translated_errors, translated_refusals
from wyoming_voice_stack.models.hub_model import HubModel, checked_sha256
from wyoming_voice_stack.models.partial_downloads import locked, remove_stale
from wyoming_voice_stack.models.progress import Progress, ProgressLines, megabytes
from wyoming_voice_stack.models.transfer import Source, download

_LOGGER = logging.getLogger(__name__)

HUB_ANSWER_S = 20.0
"""How long the hub may take to list the files of a model, or to say where a file is."""
HUB_CHECK_S = 5.0
"""How long a server that starts waits for the hub to say whether it has a model."""
MAX_FILE_BYTES = 64 * 1024**3
"""Size limit of a file whose size the hub does not tell."""

_PARTIAL_FILE = re.compile(r"\.[0-9a-f]{12}\.part$")


@dataclass(frozen=True)
class _Listing:
    """A model on the hub: its commit, and for each file to fetch its size and digest, if known."""

    commit: str
    size_bytes: Mapping[str, int | None]
    sha256: Mapping[str, str]

    def missing(self, folder: Path) -> list[str]:
        def has(path: str, size: int | None) -> bool:
            file = folder / path
            return file.is_file() and size in {None, file.stat().st_size}

        return [path for path, size in self.size_bytes.items() if not has(path, size)]

    def partial_file(self, path: str, folder: Path) -> Path:
        """Where a file of exactly this content is collected until it is complete."""
        content = self.sha256.get(path, self.commit)
        return folder / f"{path}.{content[:12].rjust(12, '0')}.part"


def fetch(model: HubModel, root: Path, progress: Progress | None = None) -> Path:
    """Fetch `model` below `root` and return its folder. Blocking.

    The files are collected in `root/.partial` and moved into place with one rename once all are there
    and have the right digests. What has arrived before an interruption is kept for the next attempt.
    Several processes may fetch the same model at once: one does, the others wait for it. Without
    `progress`, the log tells it.

    Raises:
        ModelNotFound: the hub does not have it, denies access, or cannot be reached.
        ModelCorrupt: a file has the wrong digest; it is removed.
        DiskFull: the disk has no room for it.
        ModelError: the folder cannot be written, or another process locks it for too long.
    """
    _disable_telemetry()
    with (
        translated_errors(model, root),
        translated_refusals(model),
        locked(root, model.directory, model.repo_id) as collected,
    ):
        stored = model.stored(root)
        if stored is not None:
            return stored
        _require_online(model, root)
        listing = _list(model)
        remove_stale(root)
        _prepare(root / model.directory, collected, listing)
        _download(model, listing, collected, progress or ProgressLines(model.repo_id, _LOGGER.info))
        _check(model, listing, collected)
        return _put_in_place(collected, root / model.directory)


def require_on_hub(model: HubModel, root: Path) -> None:
    """Check that the hub has a model that is not stored yet; if it does not answer soon, do nothing.

    Raises:
        ModelNotFound: the hub does not have the model or a file that it needs, or denies access.
    """
    if downloads_are_forbidden() or model.stored(root) is not None:
        return
    refusals: list[ModelNotFound] = []

    def ask() -> None:
        # If the hub cannot be asked, fetching reports why.
        with suppress(Exception):
            try:
                with translated_refusals(model):
                    _list(model)
            except ModelNotFound as refusal:
                refusals.append(refusal)

    # Looking up the hub's address has no time limit of its own.
    asking = threading.Thread(target=ask, name="hub check", daemon=True)
    asking.start()
    asking.join(HUB_CHECK_S)
    if refusals:
        raise refusals[0]


def downloads_are_forbidden() -> bool:
    """Return whether HF_HUB_OFFLINE is set."""
    _disable_telemetry()
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _disable_telemetry() -> None:
    # The hub's library reads it once, when it is imported.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def _require_online(model: HubModel, root: Path) -> None:
    if downloads_are_forbidden():
        raise ModelNotFound(model.absent(root, "and HF_HUB_OFFLINE forbids downloads"))


def _list(model: HubModel) -> _Listing:
    from huggingface_hub import HfApi

    info = HfApi().model_info(
        model.repo_id, revision=model.revision, files_metadata=True, timeout=HUB_ANSWER_S
    )
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = [siblings[path] for path in _wanted(model, list(siblings))]
    return _Listing(
        commit=info.sha or model.revision,
        size_bytes={file.rfilename: file.size for file in files},
        sha256={file.rfilename: file.lfs.sha256 for file in files if file.lfs} | dict(model.sha256),
    )


def _wanted(model: HubModel, paths: list[str]) -> list[str]:
    patterns = model.include or ("*",)
    inside = [path for path in paths if _is_inside(path)]
    wanted = [path for path in inside if any(fnmatchcase(path, each) for each in patterns)]
    missing = [path for path in model.required if path not in wanted]
    if missing or not wanted:
        what = ", ".join(missing) or " or ".join(patterns)
        raise ModelNotFound(
            f"{model.repo_id} at revision {model.revision} does not have {what} on the hub;"
            " check the model's name"
        )
    return wanted


def _is_inside(path: str) -> bool:
    """Return False for a path that leads out of the model's folder."""
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts


def _prepare(final: Path, collected: Path, listing: _Listing) -> None:
    if final.is_dir():
        _LOGGER.warning("%s is incomplete; fetching the missing files", final)
        shutil.rmtree(collected, ignore_errors=True)
        final.rename(collected)
    collected.mkdir(exist_ok=True)
    current = {listing.partial_file(path, collected) for path in listing.size_bytes}
    for leftover in collected.rglob("*.part"):
        if _PARTIAL_FILE.search(leftover.name) and leftover not in current:
            leftover.unlink()


def _download(model: HubModel, listing: _Listing, collected: Path, progress: Progress) -> None:
    missing = listing.missing(collected)
    total = sum(size or 0 for size in listing.size_bytes.values())
    needed = max(0, total - _arrived_bytes(listing, collected))
    _require_space(model, needed, collected)
    _LOGGER.info("Fetching %s (%s) from the hub", model.repo_id, megabytes(needed))
    done = sum(listing.size_bytes[path] or 0 for path in listing.size_bytes if path not in missing)
    for path in missing:
        file = listing.partial_file(path, collected)
        file.parent.mkdir(parents=True, exist_ok=True)
        on_size = partial(_report, progress, done, total)
        download(partial(_source, model, listing, path), file, on_size)
        size = file.stat().st_size
        file.replace(collected / path)
        done += size
    missing = listing.missing(collected)
    if missing:
        raise ConnectionError(
            f"{len(missing)} of {len(listing.size_bytes)} files did not arrive, such as {missing[0]}"
        )
    _LOGGER.info("Fetched %s (%s)", model.repo_id, megabytes(_size_bytes(collected, listing)))


def _report(progress: Progress, before: int, total: int, size: int) -> None:
    progress(before + size, total)


def _arrived_bytes(listing: _Listing, collected: Path) -> int:
    """Return how much of the files is there, of complete and of unfinished ones."""
    missing = listing.missing(collected)
    whole = sum(size or 0 for path, size in listing.size_bytes.items() if path not in missing)
    files = (listing.partial_file(path, collected) for path in missing)
    return whole + sum(file.stat().st_size for file in files if file.is_file())


def _source(model: HubModel, listing: _Listing, path: str) -> Source:
    """Ask the hub where a file is."""
    from huggingface_hub import constants, get_hf_file_metadata, get_token, hf_hub_url

    address = hf_hub_url(model.repo_id, path, revision=listing.commit)
    location = get_hf_file_metadata(address, timeout=HUB_ANSWER_S).location
    size = listing.size_bytes[path]
    # The token is for the hub; the files may be elsewhere.
    on_hub = urlsplit(location).netloc == urlsplit(constants.ENDPOINT).netloc
    token = get_token() if on_hub else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Source(location, MAX_FILE_BYTES if size is None else size, size, headers)


def _size_bytes(folder: Path, listing: _Listing) -> int:
    return sum((folder / path).stat().st_size for path in listing.size_bytes)


def _require_space(model: HubModel, needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise DiskFull(
            f"{model.repo_id} needs {megabytes(needed_bytes)} in {folder}, but only"
            f" {megabytes(free_bytes)} are free; free some space, or set MODELS_DIR to a larger disk"
        )


def _check(model: HubModel, listing: _Listing, collected: Path) -> None:
    digests = {}
    for path in listing.size_bytes:
        file = collected / path
        try:
            digests[path] = checked_sha256(file, listing.sha256.get(path))
        except ModelCorrupt as error:
            file.unlink()
            raise ModelCorrupt(
                f"{path} of {model.repo_id} was damaged on arrival and removed; the next start fetches"
                f" it again ({error})"
            ) from error
        _flush(file)
    write_digests(collected, digests)
    _flush(collected / DIGESTS_FILE)


def _flush(file: Path) -> None:
    """Write the bytes to the disk, so that a power failure after the rename does not lose them."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _put_in_place(collected: Path, final: Path) -> Path:
    # The hub's library made it, in earlier releases.
    shutil.rmtree(collected / ".cache", ignore_errors=True)
    collected.rename(final)
    return final
