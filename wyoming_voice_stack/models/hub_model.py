"""Describes a model on the Hugging Face hub: its repository, its folder and its files' digests.

Layout below the root folder::

    <organisation>--<name>                  a whole repository at `main`
    <organisation>--<name>@<revision>       another revision
    <organisation>--<name>--<label>-<hash>  a part of a repository; the hash is over its patterns
    .partial/                               unfinished downloads, and their locks
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.models.digests import read_digests

MAX_NAME_CHARACTERS = 128
"""Longest readable part of a folder's name; file systems allow 255 bytes in total."""
PARTIAL = ".partial"

_COMMIT = re.compile(r"[0-9a-f]{40}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, and the files that it needs."""

    repo_id: str
    """`organisation/name`."""
    revision: str = "main"
    """Branch, tag or commit."""
    include: tuple[str, ...] = ()
    """Patterns of the files to fetch, as in `fnmatch`; empty stands for all."""
    required: tuple[str, ...] = ()
    """Paths in the repository that the model cannot do without."""
    sha256: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Path in the repository -> SHA-256 that the file must have, in hexadecimal."""

    @property
    def directory(self) -> str:
        """Name of the model's folder: readable, stable, and unique for each revision and part."""
        name = _UNSAFE.sub("-", self.repo_id.replace("/", "--"))
        if self.revision != "main":
            short = self.revision[:12] if _COMMIT.fullmatch(self.revision) else self.revision
            name += "@" + _UNSAFE.sub("-", short)
        name = name[:MAX_NAME_CHARACTERS]
        return f"{name}--{_label(self.include)}" if self.include else name

    def stored(self, root: Path) -> Path | None:
        """Return the model's folder below `root`, or None if a file that it needs or had is missing."""
        folder = root / self.directory
        try:
            needed = (*self.required, *read_digests(folder))
            complete = folder.is_dir() and all((folder / path).is_file() for path in needed)
        except OSError:
            # An unreadable folder counts as missing; fetching then reports what is wrong.
            return None
        return folder if complete else None

    def absent(self, root: Path, reason: str) -> str:
        """Return one sentence: the model is missing, why, where it was expected, and what to do."""
        return (
            f"model {self.repo_id} is not in {root / self.directory} {reason};"
            f" start once with access to {hub_address()}, or copy the folder from a machine that has it"
        )


def hub_address() -> str:
    """Return the address of the hub, which `HF_ENDPOINT` may set, without a name and password in it."""
    from huggingface_hub import constants

    parts = urlsplit(constants.ENDPOINT)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def verify(path: Path, sha256: str) -> None:
    """Verify a file's SHA-256. Reads the whole file.

    Raises:
        ModelCorrupt: the digest differs, or the file cannot be read.
        ModelNotFound: the file does not exist.
    """
    checked_sha256(path, sha256)


def checked_sha256(path: Path, expected: str | None) -> str:
    """Return a file's SHA-256, and verify it where the expected one is known; see `verify`."""
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path} does not exist; install or fetch its model again") from error
    except OSError as error:
        raise ModelCorrupt(f"{path} cannot be read ({error.strerror}); check the disk") from error
    if expected is not None and actual != expected.lower():
        raise ModelCorrupt(
            f"{path} is damaged or was replaced: its SHA-256 is {actual}, expected"
            f" {expected.lower()}; install or fetch its model again"
        )
    return actual


def _label(include: tuple[str, ...]) -> str:
    """Return a digest over the patterns, with the common stem of the files' names in front, if any."""
    digest = hashlib.sha256("\n".join(sorted(include)).encode()).hexdigest()[:8]
    stems = {PurePosixPath(pattern).name.partition(".")[0] for pattern in include}
    common = _UNSAFE.sub("", stems.pop())[:MAX_NAME_CHARACTERS] if len(stems) == 1 else ""
    return f"{common}-{digest}" if common else digest
