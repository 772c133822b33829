"""Fetches a model from the hub into a folder: complete and verified, or not at all."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from wyoming_voice_stack.errors import DiskFull, ModelCorrupt, ModelError, ModelNotFound
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.models.hub_model import PARTIAL, HubModel, verify
from wyoming_voice_stack.models.write_access import cannot_write

_LOGGER = logging.getLogger(__name__)

LOCK_WAIT_S = 3600.0
"""How long to wait for another process that is fetching the same model."""
LOCK_POLL_S = 0.5
HUB_ANSWER_S = 20.0
"""How long the hub may take to list the files of a model."""
BYTES_PER_MB = 1_000_000

_ABANDONED = re.compile(r"\.[0-9a-f]{8}\.incomplete$")
_NETWORK_ERRNOS = frozenset({errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH})


@dataclass(frozen=True)
class _Listing:
    """A model on the hub: its commit, and for each file to fetch its size and digest, if known."""

    commit: str
    size_bytes: Mapping[str, int | None]
    sha256: Mapping[str, str]

    def missing(self, folder: Path) -> list[str]:
        def has(path: str, size: int | None) -> bool:
            # The hub's library moves a file there once it is complete.
            file = folder / path
            return file.is_file() and size in {None, file.stat().st_size}

        return [path for path, size in self.size_bytes.items() if not has(path, size)]


def fetch(model: HubModel, root: Path) -> Path:
    """Fetch `model` below `root` and return its folder. Blocking.

    The files are collected in `root/.partial` and moved into place with one rename once all are there
    and have the right digests. Files that were complete before an interruption are kept for the next
    attempt. Several processes may fetch the same model at once: one does, the others wait for it.

    Raises:
        ModelNotFound: the hub does not have it, denies access, or cannot be reached.
        ModelCorrupt: a file has the wrong digest; it is removed.
        DiskFull: the disk has no room for it.
        ModelError: the folder cannot be written, or another process locks it for too long.
    """
    with _translated_errors(model, root), _lock(model, root):
        stored = model.stored(root)
        if stored is not None:
            return stored
        _require_online(model, root)
        listing = _list(model)
        partial = _prepare(model, root)
        _download(model, listing, partial)
        _check(model, listing, partial)
        return _put_in_place(partial, root / model.directory)


@contextmanager
def _lock(model: HubModel, root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    (root / PARTIAL).mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / PARTIAL / f"{model.directory}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _LOGGER.info("Another process is fetching %s; waiting for it", model.repo_id)
        try:
            lock.acquire(timeout=LOCK_WAIT_S, poll_interval=LOCK_POLL_S)
        except Timeout as error:
            raise ModelError(
                f"another process has been fetching {model.repo_id} for {LOCK_WAIT_S:.0f} s and"
                f" still locks {lock.lock_file}; wait for it or stop it, then start again"
            ) from error
    try:
        yield
    finally:
        lock.release()


def _require_online(model: HubModel, root: Path) -> None:
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
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
    wanted = [path for path in paths if any(fnmatchcase(path, each) for each in patterns)]
    missing = [path for path in model.required if path not in wanted]
    if missing or not wanted:
        what = ", ".join(missing) or " or ".join(patterns)
        raise ModelNotFound(
            f"{model.repo_id} at revision {model.revision} does not have {what} on the hub;"
            " check the model's name"
        )
    return wanted


def _prepare(model: HubModel, root: Path) -> Path:
    partial, final = root / PARTIAL / model.directory, root / model.directory
    if final.is_dir():
        _LOGGER.warning("%s is incomplete; fetching the missing files", final)
        shutil.rmtree(partial, ignore_errors=True)
        final.rename(partial)
    partial.mkdir(exist_ok=True)
    for leftover in (partial / ".cache").rglob("*.incomplete"):
        # Downloads that were killed leave these; the hub's library never uses them again.
        if _ABANDONED.search(leftover.name):
            leftover.unlink()
    return partial


def _download(model: HubModel, listing: _Listing, partial: Path) -> None:
    from huggingface_hub import hf_hub_download

    needed = sum(listing.size_bytes[path] or 0 for path in listing.missing(partial))
    _require_space(model, needed, partial)
    _LOGGER.info("Fetching %s (%s) from the hub", model.repo_id, _megabytes(needed))
    _hide_progress_without_terminal()
    # Not `snapshot_download`: it lists the files once more, and without a time limit.
    for path in listing.size_bytes:
        hf_hub_download(model.repo_id, path, revision=listing.commit, local_dir=partial)
    # If the hub fails in between, the library accepts the existing files, also of another size.
    missing = listing.missing(partial)
    if missing:
        raise ConnectionError(
            f"{len(missing)} of {len(listing.size_bytes)} files did not arrive, such as {missing[0]}"
        )
    _LOGGER.info("Fetched %s (%s)", model.repo_id, _megabytes(_size_bytes(partial, listing)))


def _size_bytes(folder: Path, listing: _Listing) -> int:
    return sum((folder / path).stat().st_size for path in listing.size_bytes)


def _require_space(model: HubModel, needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise DiskFull(
            f"{model.repo_id} needs {_megabytes(needed_bytes)} in {folder}, but only"
            f" {_megabytes(free_bytes)} are free; free some space, or set MODELS_DIR to a larger disk"
        )


def _hide_progress_without_terminal() -> None:
    from huggingface_hub import constants
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if constants.HF_HUB_DISABLE_PROGRESS_BARS is None and not sys.stderr.isatty():
        disable_progress_bars()


def _check(model: HubModel, listing: _Listing, partial: Path) -> None:
    for path in listing.size_bytes:
        file = partial / path
        try:
            if path in listing.sha256:
                verify(file, listing.sha256[path])
        except ModelCorrupt as error:
            file.unlink()
            raise ModelCorrupt(
                f"{path} of {model.repo_id} was damaged on arrival and removed; the next start fetches"
                f" it again ({error})"
            ) from error
        _flush(file)


def _flush(file: Path) -> None:
    """Write the bytes to the disk, so that a power failure after the rename does not lose them."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _put_in_place(partial: Path, final: Path) -> Path:
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    partial.rename(final)
    return final


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / BYTES_PER_MB:,.1f} MB"


@contextmanager
def _translated_errors(model: HubModel, root: Path) -> Iterator[None]:
    """Translate failures of the disk, the network, the hub and its library into the error tree."""
    from huggingface_hub import constants, errors

    name = model.repo_id
    try:
        yield
    except ModelError:
        raise
    except errors.GatedRepoError as error:
        raise ModelNotFound(
            f"{name} is available only to users who accepted its terms: accept them at"
            f" {constants.ENDPOINT}/{name} and set HF_TOKEN"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise ModelNotFound(
            f"the hub has no {name} at revision {model.revision}, or it is private;"
            " check the name, or set HF_TOKEN"
        ) from error
    except Exception as error:
        if disk_is_full(error):
            raise DiskFull(
                f"The disk became full while {name} was fetched to {root}; free some space, or set"
                " MODELS_DIR to a folder on a larger disk"
            ) from error
        if isinstance(error, OSError) and _is_about_the_disk(error):
            raise ModelError(cannot_write(name, root, error, _cause(error))) from error
        reason = f"and cannot be fetched ({_cause(error)})"
        raise ModelNotFound(model.absent(root, reason)) from error


def _is_about_the_disk(error: OSError) -> bool:
    if isinstance(error, ConnectionError):
        return False
    return error.errno is not None and error.errno not in _NETWORK_ERRNOS


def _cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    first_line = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {''.join(first_line)}"
