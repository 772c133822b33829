"""[project.urls] says where the project lives, and scripts/set_home.py makes every file say so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path("scripts", "set_home.py")
UNPUBLISHED = "https://gitlab.com/your-group/voice-stack"
COPIED = ("addon", "deploy", "docs", "scripts")
URLS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]


def set_home(*arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that may name the home."""
    tops = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for name in COPIED for path in (ROOT / name).rglob("*") if path.is_file()]
    for path in (*tops, *below):
        if path.suffix == ".pyc":
            continue
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return tmp_path


def text_of(root: Path) -> str:
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".png")
    return "\n".join(path.read_text("utf-8") for path in paths)


def test_every_file_names_the_home_of_the_project() -> None:
    done = set_home("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_fork_sets_its_own_home_in_one_command(project: Path) -> None:
    done = set_home("Some-Fork/voice", root=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Changed repository.yaml\n" in done.stdout
    urls = tomllib.loads((project / "pyproject.toml").read_text())["project"]["urls"]
    assert urls == {
        "Homepage": "https://gitlab.com/Some-Fork/voice",
        "Repository": "https://gitlab.com/Some-Fork/voice",
        "Issues": "https://gitlab.com/Some-Fork/voice/-/issues",
        # Docker accepts lower case only.
        "Image": "https://registry.gitlab.com/some-fork/voice",
    }
    text = text_of(project)
    assert URLS["Repository"] not in text
    assert URLS["Image"].removeprefix("https://") not in text
    config = (project / "addon/voice-stack-asr/config.yaml").read_text()
    assert "image: registry.gitlab.com/some-fork/voice/addon-asr\n" in config
    assert set_home("--check", root=project).returncode == 0
    # And back again, from a home of another host.
    before = text
    elsewhere = ("https://git.example.org/a/b/c.git", "--image", "git.example.org:5050/a/b/c")
    assert set_home(*elsewhere, root=project).returncode == 0
    assert "git clone https://git.example.org/a/b/c.git\n" in (project / "README.md").read_text()
    assert set_home("Some-Fork/voice", root=project).returncode == 0
    assert text_of(project) == before


def test_what_a_merge_brings_back_is_found(project: Path) -> None:
    assert set_home("some-fork/voice", root=project).returncode == 0
    file = project / "docs" / "troubleshooting.md"
    with file.open("a") as stream:
        stream.write(f"See {UNPUBLISHED}.\n")
    done = set_home("--check", root=project)
    assert done.returncode == 1
    assert "docs/troubleshooting.md still names" in done.stderr
    assert set_home("some-fork/voice", root=project).returncode == 0
    assert set_home("--check", root=project).returncode == 0


def test_a_project_whose_name_begins_like_another(project: Path) -> None:
    file = project / "docs" / "troubleshooting.md"
    with file.open("a") as stream:
        stream.write(f"See {URLS['Repository']}-docs and {URLS['Repository']}/-/issues.\n")
    for home in ("some-fork/voice", "some-fork/voice/stack", "some-fork/voice/stack"):
        assert set_home(home, root=project).returncode == 0
    last = file.read_text().splitlines()[-1]
    new = "https://gitlab.com/some-fork/voice/stack"
    assert last == f"See {URLS['Repository']}-docs and {new}/-/issues."


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("repository.yaml", f"url: {URLS['Repository']}\n"),
        ("addon/voice-stack-tts/config.yaml", "/addon-tts\n"),
        ("README.md", "git clone "),
        ("Dockerfile", "org.opencontainers.image.source"),
    ],
)
def test_a_file_that_disagrees_is_named(project: Path, file: str, line: str) -> None:
    text = (project / file).read_text()
    assert line in text
    (project / file).write_text(text.replace(line, "another "))
    done = set_home("--check", root=project)
    assert done.returncode == 1
    assert f"set_home: {file} does not say: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("voice",), "GROUP/PROJECT"),
        (("http://gitlab.com/a/b",), "GROUP/PROJECT"),
        (("a/b c",), "GROUP/PROJECT"),
        (("https://git.example.org/a/b",), "--image"),
        (("a/b", "--image", "reg.example.org/A/b"), "'reg.example.org/A/b' is no image"),
        ((), "--check"),
        (("a/b", "--check"), "--check"),
    ],
)
def test_what_is_refused(project: Path, arguments: tuple[str, ...], message: str) -> None:
    before = text_of(project)
    done = set_home(*arguments, root=project)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert text_of(project) == before


def test_no_file_names_another_project_of_the_same_host() -> None:
    host = re.escape(URLS["Repository"].split("/")[2])
    text = text_of(ROOT / "addon") + text_of(ROOT / "deploy") + text_of(ROOT / "docs")
    found = set(re.findall(rf"https://{host}/[\w-]+/[\w-]+", text))
    assert found
    assert found <= {URLS["Repository"]}
