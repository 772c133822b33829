"""Scripts of the project, run with programs that only note what they are asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCES = ("wyoming_voice_stack", "scripts", "addon", "deploy")

FAKE_DOCKER = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$DOCKER_LOG"
image() { awk -v name="$1" '$1 == name { id = $2 } END { print id; exit id == "" }' "$REGISTRY"; }
id=$RANDOM$RANDOM
case "$1 $2 $3" in
    "buildx imagetools inspect") id=$(image "${@: -1}") || exit 1; echo "Digest:    $id" ;;
    "buildx imagetools create") id=$(image "${@: -1}") || { echo "no ${@: -1}" >&2; exit 1; } ;;
esac
while (($#)); do
    case "$1" in --tag | -t) echo "$2 $id" >>"$REGISTRY" ;; esac
    shift
done
"""
"""Builds and tags images in a file of names and digests, and notes how it was called."""


@dataclass(frozen=True)
class Done:
    """A program that has ended."""

    status: int
    output: str
    errors: str


def fake(folder: Path, name: str, script: str) -> Path:
    """Write a program into a folder that is to be on the path."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(script)
    program.chmod(0o755)
    return program


def run(*command: str | Path, cwd: Path, programs: Path | None = None, **environ: str) -> Done:
    """Run a program without a terminal; `programs` comes first on the path."""
    path = os.environ["PATH"] if programs is None else f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": path, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


class Project:
    """A copy of the project in a git repository of its own, and a registry of images."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.programs = folder / "programs"
        self.images = folder / "images"
        self.log = folder / "log"
        self.images.touch()
        self.log.touch()
        fake(self.programs, "docker", FAKE_DOCKER)
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        self.folder.mkdir()
        for path in ROOT.iterdir():
            if path.is_dir() and path.name in SOURCES:
                shutil.copytree(path, self.folder / path.name, symlinks=True, ignore=ignored)
            elif path.is_file() and path.name != ".git":
                shutil.copy(path, self.folder)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def git(self, *arguments: str) -> str:
        """Run git in the project and return what it prints."""
        who = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        done = run("git", *who, *arguments, cwd=self.folder, HOME=str(self.folder.parent))
        assert done.status == 0, done.errors
        return done.output.strip()

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")

    def change(self, name: str) -> None:
        """Commit a change of a file."""
        with (self.folder / name).open("a") as file:
            file.write("\n# changed\n")
        self.commit()

    def run(self, command: str, **environ: str) -> Done:
        """Run a command of bash in the project, with docker as a fake."""
        environ |= {"DOCKER_LOG": str(self.log), "REGISTRY": str(self.images)}
        environ |= {"HOME": str(self.folder.parent)}
        return run("bash", "-c", command, cwd=self.folder, programs=self.programs, **environ)

    def registry(self) -> dict[str, str]:
        """Return the digest of each image in the registry."""
        return dict(line.split() for line in self.images.read_text().splitlines())

    def calls(self) -> list[str]:
        """Return the calls of docker since the last time."""
        called = self.log.read_text().splitlines()
        self.log.write_text("")
        return called
