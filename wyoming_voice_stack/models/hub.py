"""What a model on the hub is, where it is kept on disk, and whether its files are right.

Layout below the root folder::

    <organisation>--<name>                  a whole repository at `main`
    <organisation>--<name>@<revision>       another revision
    <organisation>--<name>--<label>-<hash>  a part of a repository, the hash over its patterns
    .partial/                               fetches under way, and their locks
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

MAX_NAME_CHARACTERS = 128
"""Of the readable part of a folder's name; file systems take 255 bytes in all."""
PARTIAL = ".partial"

_COMMIT = re.compile(r"[0-9a-f]{40}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, and what it takes to be whole."""

    repo_id: str
    """`organisation/name`."""
    revision: str = "main"
    """Branch, tag or commit."""
    include: tuple[str, ...] = ()
    """Patterns, as of `fnmatch`, of the files to fetch; empty stands for all."""
    required: tuple[str, ...] = ()
    """Paths in the repository without which the model is not there."""
    sha256: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Path in the repository -> hexadecimal digest that the file must have."""

    @property
    def directory(self) -> str:
        """Name of the model's folder: stable, readable, its own for each revision and part."""
        name = _UNSAFE.sub("-", self.repo_id.replace("/", "--"))
        if self.revision != "main":
            short = self.revision[:12] if _COMMIT.fullmatch(self.revision) else self.revision
            name += "@" + _UNSAFE.sub("-", short)
        name = name[:MAX_NAME_CHARACTERS]
        return f"{name}--{_label(self.include)}" if self.include else name

    def stored(self, root: Path) -> Path | None:
        """The model's folder below `root`, or None unless everything required is in it."""
        folder = root / self.directory
        try:
            whole = folder.is_dir() and all((folder / path).is_file() for path in self.required)
        except OSError:
            # A folder that cannot be looked into is as good as none; fetching says what is wrong.
            return None
        return folder if whole else None

    def absent(self, root: Path, reason: str) -> str:
        """One sentence: the model is not there, why, where it was looked for, what to do."""
        return (
            f"model {self.repo_id} is not in {root / self.directory} {reason};"
            " start once with access to the hub, or copy the folder from a machine that has it"
        )


def verify(path: Path, sha256: str) -> None:
    """Check a file against a pinned digest. Reads the whole file.

    Raises:
        ModelCorrupt: the file has another digest or cannot be read.
        ModelNotFound: there is no such file.
    """
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ModelNotFound(f"{path} does not exist; install or fetch its model again") from error
    except OSError as error:
        raise ModelCorrupt(f"{path} cannot be read ({error.strerror}); check the disk") from error
    if actual != sha256.lower():
        raise ModelCorrupt(
            f"{path} is damaged or was replaced: its SHA-256 is {actual} and should be"
            f" {sha256.lower()}; install or fetch its model again"
        )


def _label(include: tuple[str, ...]) -> str:
    """A digest over the patterns, after what the names of the files have in common, if anything."""
    digest = hashlib.sha256("\n".join(sorted(include)).encode()).hexdigest()[:8]
    stems = {PurePosixPath(pattern).name.partition(".")[0] for pattern in include}
    common = _UNSAFE.sub("", stems.pop())[:MAX_NAME_CHARACTERS] if len(stems) == 1 else ""
    return f"{common}-{digest}" if common else digest
