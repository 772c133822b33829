"""A project of a few files that carry its version, for tests of the release scripts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
SCRIPTS = ("release.py", "check_release.py", "release_files.py")


def _release_files() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "release_files", ROOT / "scripts" / "release_files.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Where its dataclasses look for their own annotations.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FILES: Any = _release_files()
"""scripts/release_files.py, which is not part of a package."""


class ReleaseProject:
    """A copy of the real files, with another version and changelog."""

    def __init__(self, folder: Path, version: str, changelog: str) -> None:
        self.folder = folder
        (folder / "scripts").mkdir()
        for name in SCRIPTS:
            (folder / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
        (folder / ".gitignore").write_text("__pycache__\n")
        (folder / "CHANGELOG.md").write_text(changelog)
        for place in FILES.PLACES:
            self.set(place, version)
        for place in FILES.ADDON_CHANGELOGS:
            first = f"# Changelog\n\n## {version}\n\n- First version.\n"
            (folder / place.file).write_text(first, "utf-8")

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.folder / name).read_text("utf-8")

    def set(self, place: Any, version: str) -> None:
        """Make this place say `version`."""
        name: str = place.file
        file = self.folder / name
        source = file if file.exists() else ROOT / name
        text: str = place.replaced(source.read_text("utf-8"), version)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts there."""
        return self._done([sys.executable, f"scripts/{script}", *arguments])

    def git(self, *arguments: str) -> str:
        """Run git there; give what it prints."""
        as_tester = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = self._done(["git", *as_tester, *arguments])
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit_all(self) -> None:
        """Make it a repository whose only commit has all files."""
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A project")

    def _done(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        author = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "T"), ("EMAIL", "t@example.org"))
        }
        # Neither the machine's own settings of git nor a repository around this one.
        apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | author | apart,
            capture_output=True,
            text=True,
            check=False,
        )
