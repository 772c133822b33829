"""Print what a pyproject.toml asks for, that of some extras included, one requirement a line.

    python scripts/list_requirements.py PYPROJECT [EXTRA ...]

So an image can install all that the package needs before the package itself is there.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def requirements(project: dict[str, Any], extras: Iterable[str]) -> list[str]:
    """The dependencies of `project` (the table of that name) and of its `extras`, sorted.

    An extra that names extras of the project itself stands for what they ask for.

    Raises:
        KeyError: the project has no such extra.
    """
    own = re.compile(rf"{re.escape(project['name'])}\[([^\]]+)\]")

    def of_extra(extra: str) -> Iterator[str]:
        for requirement in project["optional-dependencies"][extra]:
            if named := own.fullmatch(requirement):
                for inner in named[1].split(","):
                    yield from of_extra(inner.strip())
            else:
                yield requirement

    found = set(project["dependencies"])
    for extra in extras:
        found.update(of_extra(extra))
    return sorted(found)


if __name__ == "__main__":
    table = tomllib.loads(Path(sys.argv[1]).read_text())["project"]
    print("\n".join(requirements(table, sys.argv[2:])))
