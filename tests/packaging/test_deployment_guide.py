"""docs/deployment.md explains every command, and docs/settings.md agrees with the settings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deployment.md").read_text()
SCRIPT = "scripts/list_settings.py"
SETTINGS = "docs/settings.md"


def commands() -> list[str]:
    """Every command of the guide, without comments and on one line each."""
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [" ".join(line.partition("  #")[0].split()) for line in lines if line]


def listed() -> list[re.Pattern[str]]:
    """The commands of the guide's last section, in which … stands for anything."""
    table = GUIDE.partition("| command | run by |")[2].partition("\n\n")[0]
    spans = [
        span
        for row in table.splitlines()[2:]
        for span in re.findall("`([^`]+)`", row.split(" | ")[0])
    ]
    return [re.compile(".*".join(map(re.escape, span.split("…")))) for span in spans]


@pytest.mark.parametrize("command", commands())
def test_every_command_says_what_runs_it(command: str) -> None:
    assert any(pattern.fullmatch(command) for pattern in listed())


@pytest.mark.parametrize("pattern", listed(), ids=lambda pattern: pattern.pattern)
def test_no_command_is_listed_that_is_not_there(pattern: re.Pattern[str]) -> None:
    assert any(pattern.fullmatch(command) for command in commands())


@pytest.mark.parametrize(
    "promised",
    [
        "docker compose up -d",
        "docker compose logs -f",
        "curl http://localhost:5001/health",
        "docker compose up -d asr",
        "docker compose down",
        "docker run --rm -v $(pwd):/workspace voice-stack-ci:latest hatch run test",
        *(f"hatch run {name}" for name in ("run_asr", "run_tts", "fmt", "lint", "test", "cov")),
    ],
)
def test_promised_commands(promised: str) -> None:
    assert promised in commands()


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"(?:scripts|tests|deploy|docs)/[\w/.-]*\w", GUIDE))
    assert named
    # Folders of images may come from elsewhere; what is named as a file must be there.
    missing = {name for name in named if not (ROOT / name).exists()}
    assert missing <= {"scripts/test_images.sh"}


def list_settings(*arguments: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / SCRIPT), *arguments],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_tables_of_settings_are_those_of_the_settings() -> None:
    done = list_settings("--check", root=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stale_table_is_found_and_rewritten(tmp_path: Path) -> None:
    for name in (SETTINGS, SCRIPT):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_text((ROOT / name).read_text().replace("| `5001` |", "| `5003` |"))
    stale = list_settings("--check", root=tmp_path)
    assert stale.returncode == 1
    assert SETTINGS in stale.stderr
    assert list_settings(root=tmp_path).returncode == 0
    assert (tmp_path / SETTINGS).read_text() == (ROOT / SETTINGS).read_text()
