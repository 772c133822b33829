"""What the Dockerfiles say agrees with the package and with one another."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.models.licence import LICENCE_URL

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("Dockerfile", "Dockerfile.ci")
DEFAULTS = Settings.model_construct()
PORTS = {"asr": DEFAULTS.asr_port, "tts": DEFAULTS.tts_port}


def instructions(name: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with what follows it on one line."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword:
            found.append((keyword, " ".join(rest.split())))
    return found


def arguments(name: str, keyword: str) -> list[str]:
    return [rest for found, rest in instructions(name) if found == keyword]


def image_environment() -> dict[str, str]:
    pairs = [pair for line in arguments("Dockerfile", "ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def sources(name: str) -> list[str]:
    """What a Dockerfile copies out of the working tree."""
    found = []
    for copied in arguments(name, "COPY"):
        words = [word for word in copied.split() if not word.startswith("--chmod")]
        if not words[0].startswith("--from="):
            found.extend(words[:-1])
    return found


def test_the_image_has_the_ports_and_folders_of_the_settings() -> None:
    assert arguments("Dockerfile", "EXPOSE") == [f"{PORTS['asr']} {PORTS['tts']}"]
    environment = image_environment()
    folders = [environment["MODELS_DIR"], environment["VOICES_DIR"]]
    assert folders == ["/app/models", "/app/voices"]
    assert arguments("Dockerfile", "VOLUME") == [f'["{folders[0]}", "{folders[1]}"]']


def test_the_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"VERSION={version}" in arguments("Dockerfile", "ARG")


def test_the_image_names_the_licence_that_it_accepts() -> None:
    [label] = arguments("Dockerfile", "LABEL")
    assert LICENCE_URL in label
    assert "non-commercial" in label
    assert "ACCEPT_COQUI_LICENSE=1" in arguments("Dockerfile", "ARG")


def test_the_image_runs_as_nobody_in_particular_and_asks_for_readiness() -> None:
    assert arguments("Dockerfile", "USER") not in ([], ["root"])
    [check] = arguments("Dockerfile", "HEALTHCHECK")
    assert check.endswith('CMD ["health_check.sh"]')
    assert "scripts/health_check.sh" in sources("Dockerfile")
    # Debian 12's Docker 20.10 does not know it.
    assert "--start-interval" not in check
    assert arguments("Dockerfile", "ENTRYPOINT") == ['["tini", "--", "entrypoint.sh"]']


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_older_builder_reads_the_dockerfile(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "syntax=" not in text
    assert "<<" not in text
    assert "--link" not in text
    assert {rest.split()[0] for rest in arguments(name, "FROM")} & {"python:3.11-slim-bookworm"}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_is_copied_is_there_and_is_sent(name: str) -> None:
    sent = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    copied = sources(name)
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(fnmatch(path, pattern) or path.startswith(f"{pattern}/") for pattern in sent)


def test_nothing_but_sources_is_sent() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
