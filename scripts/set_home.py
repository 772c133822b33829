#!/usr/bin/env python3
"""Sets where this project lives on GitLab: its repository and its image, in every file that names them.

    scripts/set_home.py GROUP/PROJECT            on gitlab.com
    scripts/set_home.py https://HOST/GROUP/PROJECT --image REGISTRY/GROUP/PROJECT
    scripts/set_home.py --check                  says what differs from pyproject.toml; exit status 1

[project.urls] in pyproject.toml states both. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "pyproject.toml"
FILES = (
    *(PROJECT, "Dockerfile*", "docker-compose*.yml", "repository.yaml", ".env.production.*"),
    *("*.md", "docs/**/*.md", "addon/**/*", "deploy/**/*", "scripts/**/*.sh"),
)
"""Files that may name the project's home."""
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_IMAGE = re.compile(r"[a-z\d.-]+(?::\d+)?(?:/[a-z\d._-]+)+")


@dataclass(frozen=True)
class Home:
    """Where the project lives."""

    repository: str
    """The page of the project on GitLab, without a slash at the end."""
    image: str
    """The production image, without a tag."""


UNPUBLISHED = Home(
    "https://gitlab.com/" + "your-group/voice-stack",
    "registry.gitlab.com/" + "your-group/voice-stack",
)
"""The home of this project until it is published. Joined, so that this script does not replace it."""
PLACES = (
    (PROJECT, 'Homepage = "{repository}"\n'),
    (PROJECT, 'Issues = "{repository}/-/issues"\n'),
    ("README.md", "git clone {repository}.git"),
    ("repository.yaml", "url: {repository}\n"),
    ("Dockerfile", 'org.opencontainers.image.url="{repository}"'),
    ("Dockerfile", 'org.opencontainers.image.source="{repository}"'),
    ("docs/deployment.md", "`{image}/addon-asr`"),
    ("deploy/kubernetes/base/kustomization.yaml", "newName: {image}\n"),
    ("deploy/kubernetes/gpu/kustomization.yaml", "name: {image}\n"),
    ("docker-compose.yml", "${VOICE_STACK_IMAGE:-{image}:latest}"),
    ("docker-compose.gpu.yml", "${VOICE_STACK_IMAGE:-{image}:latest-cuda}"),
    ("deploy/haproxy/docker-compose.yml", "${VOICE_STACK_IMAGE:-{image}:latest}"),
    ("deploy/kubernetes/single-node-gpu/kustomization.yaml", "name: {image}\n"),
    ("deploy/portainer/templates.json", '"image": "{image}:latest"'),
    ("deploy/portainer/templates.json", '"url": "{repository}"'),
    *(
        (f"deploy/unraid/voice-stack-{mode}.xml", text)
        for mode in ("asr", "tts")
        for text in ("<Repository>{image}:latest<", "<Project>{repository}<")
    ),
    *(
        (f"addon/voice-stack-{mode}/{file}", text.replace("MODE", mode))
        for mode in ("asr", "tts")
        for file, text in (
            ("config.yaml", "image: {image}/addon-MODE\n"),
            ("config.yaml", "url: {repository}\n"),
            ("Dockerfile", "ARG VOICE_STACK_IMAGE={image}:"),
        )
    ),
)
"""Files that must name the home, each with the text in which they do."""


def stated(root: Path) -> Home:
    """The home in pyproject.toml."""
    urls = tomllib.loads((root / PROJECT).read_text("utf-8"))["project"]["urls"]
    return Home(urls["Repository"], urls["Image"].removeprefix("https://"))


def named(home: str, image: str | None) -> Home:
    """The home that a person names.

    Raises:
        ValueError: it is not on GitLab, or its registry is not known; the text says so.
    """
    repository = home.removesuffix("/").removesuffix(".git")
    if "://" not in repository:
        repository = f"https://gitlab.com/{repository}"
    scheme, _, address = repository.partition("://")
    host, _, path = address.partition("/")
    if scheme != "https" or not host or _PATH.fullmatch(path) is None:
        raise ValueError(
            f"{home!r} is no project; the form is GROUP/PROJECT or https://HOST/GROUP/PROJECT."
        )
    if image is None:
        if host != "gitlab.com":
            raise ValueError(f"The registry of {host} is not known; name the image with --image.")
        image = f"registry.gitlab.com/{path.lower()}"
    if _IMAGE.fullmatch(image) is None:
        raise ValueError(f"{image!r} is no image; the form is registry.example.org/group/project.")
    return Home(repository, image)


def files(root: Path) -> Iterator[Path]:
    """The text files below `root` that may name the home."""
    for path in sorted({path for pattern in FILES for path in root.glob(pattern)}):
        if path.is_file() and path.suffix != ".png":
            yield path


def moved(text: str, olds: Collection[Home], new: Home) -> str:
    """A file's text with the new home where an old one was."""
    names = {old.repository: new.repository for old in olds}
    names |= {old.image: new.image for old in olds}
    # In one pass: the new name may contain an old one.
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.])(?:{pattern})(?![\w-])", lambda found: names[found[0]], text)


def differences(root: Path) -> list[str]:
    """Say which files do not name the home that pyproject.toml states."""
    home = stated(root)
    found = []
    for file, template in PLACES:
        wanted = template.replace("{repository}", home.repository).replace("{image}", home.image)
        if wanted not in (root / file).read_text("utf-8"):
            found.append(f"{file} does not say: {wanted.strip()}")
    if home != UNPUBLISHED:
        for path in files(root):
            text = path.read_text("utf-8")
            if moved(text, [UNPUBLISHED], home) != text:
                found.append(f"{path.relative_to(root)} still names {UNPUBLISHED.repository}.")
    return found


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Set or check the home; give the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("home", nargs="?", help="GROUP/PROJECT on gitlab.com, or a URL")
    parser.add_argument("--image", help="the production image, without a tag")
    parser.add_argument("--check", action="store_true", help="only say what differs")
    given = parser.parse_args(arguments)
    if given.check == (given.home is not None):
        parser.error("name a home, or use --check.")
    if not given.check:
        try:
            home = named(given.home, given.image)
        except ValueError as error:
            parser.error(str(error))
        old = stated(root)
        for path in files(root):
            text = path.read_text("utf-8")
            new = moved(text, [old, UNPUBLISHED], home)
            if new != text:
                path.write_text(new, "utf-8")
                print(f"Changed {path.relative_to(root)}")
    found = differences(root)
    for line in found:
        print(f"set_home: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
