"""scripts/api_clients.sh; the installation itself is its own work."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "api_clients.sh"
FOLDER = ROOT / "tests" / "integration" / "api_clients"
NAMES = sorted(
    path.stem.removeprefix("requirements-") for path in FOLDER.glob("requirements-*.txt")
)
UNAVAILABLE = 69
USAGE = 64


def script(*arguments: str, cache: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", SCRIPT, *arguments],
        env={**os.environ, "API_CLIENTS_CACHE": str(cache), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_environment_is_found_once_it_is_complete(name: str, tmp_path: Path) -> None:
    assert script("python", name, cache=tmp_path).returncode == 1
    requirements = FOLDER / f"requirements-{name}.txt"
    checksum = subprocess.run(
        ["cksum"], input=requirements.read_bytes(), capture_output=True, check=True
    ).stdout
    (tmp_path / name).mkdir()
    (tmp_path / name / ".installed").write_bytes(checksum)
    found = script("python", name, cache=tmp_path)
    assert (found.returncode, found.stdout) == (0, f"{tmp_path / name}/bin/python\n")
    assert script(name, cache=tmp_path).returncode == 0
    (tmp_path / name / ".installed").write_text("of other requirements")
    assert script("python", name, cache=tmp_path).returncode == 1


@pytest.mark.parametrize("arguments", [("nothing",), ("python",), ("python", "nothing")])
def test_unknown_names(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = script(*arguments, cache=tmp_path)
    assert done.returncode == USAGE
    assert all(name in done.stderr for name in NAMES)


def test_without_a_python_that_fits(tmp_path: Path) -> None:
    nowhere = {"PATH": "/usr/bin:/bin", "PYENV_ROOT": str(tmp_path)}
    versions = [path.name for path in Path("/usr/bin").glob("python3.1[234]")]
    if versions:
        pytest.skip("this machine has a Python that fits")
    done = script("wyoming-openai", cache=tmp_path, **nowhere)
    assert done.returncode == UNAVAILABLE
    assert done.stderr == "Not installed: wyoming-openai; it needs one of Python 3.12 3.13 3.14.\n"
