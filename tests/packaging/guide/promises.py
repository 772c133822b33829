"""The promises of the deployment guide, and the mark that says which of them a test holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

TABLE = Path(__file__).with_name("promises.md")
MACHINES = {"GPU", "GitLab", "registry"}

_Test = TypeVar("_Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Promise:
    """One row of the table."""

    id: str
    text: str
    needs: str
    differs: str

    @property
    def section(self) -> str:
        """The part of the guide that the promise is from."""
        return self.id.rpartition("-")[0]


def promises() -> list[Promise]:
    """Return the rows of the table in its order."""
    lines = TABLE.read_text("utf-8").splitlines()
    start = lines.index("|---|---|---|---|") + 1
    return [Promise(*_cells(line)) for line in lines[start:] if line.startswith("|")]


def holds(*ids: str) -> Callable[[_Test], _Test]:
    """Mark a test as one that fails if one of these promises is broken."""

    def marked(test: _Test) -> _Test:
        test.__dict__["promises"] = ids
        return test

    return marked


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
