"""The functions of scripts/test_images.sh, which runs the images with a real Docker."""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "test_images.sh"
FOLDER = ROOT / "scripts" / "images"

_PRINT = 'for file in "$@"; do . "$file"; done; declare -f'
_FUNCTION = re.compile(r"^([\w-]+) \(\) *\n\{(.*?)^\}", re.MULTILINE | re.DOTALL)


@lru_cache(maxsize=1)
def functions() -> dict[str, str]:
    """Return the body of every function, as bash prints it."""
    files = [str(path) for path in sorted(FOLDER.glob("*.sh"))]
    done = subprocess.run(
        ["bash", "-c", _PRINT, "bash", *files],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "CACHE": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(_FUNCTION.findall(done.stdout))


def parts() -> list[str]:
    """Return the parts that the script runs if none is named."""
    found = re.search(r"\|\| parts=\(([\w ]+)\)", SCRIPT.read_text("utf-8"))
    assert found
    return found[1].split()


def reached(function: str) -> set[str]:
    """Return a function, the functions that it calls, and those that they call."""
    every, found, new = functions(), set[str](), {function}
    while new:
        found |= new
        words = {word for name in new for word in re.findall(r"[\w-]+", every[name])}
        new = (words & every.keys()) - found
    return found


def assert_checked(part: str, function: str, *phrases: str) -> None:
    """Assert that this part of the script calls the function, and that the function does this.

    The phrases are in its body or in that of a function that it calls.
    """
    assert part in parts(), f"{SCRIPT.name} does not run the part {part}"
    assert function in reached(f"test_{part}"), f"the part {part} does not call {function}"
    bodies = " ".join(" ".join(functions()[name].split()) for name in reached(function))
    missing = [phrase for phrase in phrases if phrase not in bodies]
    assert not missing, f"{function} does not have {missing}"
