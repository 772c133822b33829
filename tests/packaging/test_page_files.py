"""The files of the web page are part of what is installed."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "wyoming_voice_stack" / "http" / "page" / "static"


def test_the_wheel_takes_the_whole_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"] == {
        "packages": ["wyoming_voice_stack"]
    }


def test_no_file_of_the_page_is_ignored() -> None:
    # Hatchling leaves out what git ignores.
    files = [str(path) for path in STATIC.iterdir()]
    assert len(files) > 10
    done = subprocess.run(
        ["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
