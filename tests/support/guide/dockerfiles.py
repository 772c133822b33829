"""Dockerfiles as stages of steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Step:
    """One instruction and what follows it, on one line."""

    keyword: str
    rest: str


@dataclass(frozen=True)
class Stage:
    """One stage: what it is built from, and its own steps."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)


def stages(dockerfile: str) -> list[Stage]:
    """Return the stages of a Dockerfile in their order."""
    lines = (ROOT / dockerfile).read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    found: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, rest = " ".join(line.split()).partition(" ")
        if keyword == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(name, base))
        elif keyword and found:
            found[-1].steps.append(Step(keyword, rest))
    return found


def image_steps(dockerfile: str) -> list[Step]:
    """Return the steps of the last stage and of the stages that it is built from."""
    every = stages(dockerfile)
    by_name = {stage.name: stage for stage in every}
    stage: Stage | None = every[-1]
    found: list[Step] = []
    while stage is not None:
        found = stage.steps + found
        stage = by_name.get(stage.base)
    return found


def values(dockerfile: str, keyword: str) -> list[str]:
    """Return what follows every instruction of this kind in the image."""
    return [step.rest for step in image_steps(dockerfile) if step.keyword == keyword]


def environment(dockerfile: str) -> dict[str, str]:
    """Return the variables that a container of the image has."""
    pairs = [pair for line in values(dockerfile, "ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def copied(dockerfile: str) -> list[str]:
    """Return what all stages copy out of the working tree."""
    found: list[str] = []
    for stage in stages(dockerfile):
        for step in stage.steps:
            words = step.rest.split()
            if step.keyword == "COPY" and not any(word.startswith("--from=") for word in words):
                found += [word for word in words if not word.startswith("--")][:-1]
    return found


def is_sent(path: str) -> bool:
    """Return True if .dockerignore lets this path into a build."""
    sent = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!").rstrip("/")
        if pattern and (fnmatch(path, pattern) or path.startswith(f"{pattern}/")):
            sent = line.startswith("!")
    return sent
