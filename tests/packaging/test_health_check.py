"""scripts/health_check.sh, the health check of the image."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.fake_servers.one_answer import answering
from wyoming_voice_stack.config.settings import Settings

SCRIPT = Path(__file__).parents[2] / "scripts" / "health_check.sh"
BY_PYTHON = "asked by Python"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with a command that stands for the one of the package."""
    command = tmp_path / "wyoming-voice-stack"
    command.write_text(f'#!/bin/sh\n[ "$*" = "health --ready" ] && echo "{BY_PYTHON}"\nexit 7\n')
    command.chmod(0o755)
    return tmp_path


def check(tools: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", str(SCRIPT)],
        env={"PATH": f"{tools}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.strip()


@pytest.mark.parametrize("mode", ["asr", "tts"])
@pytest.mark.parametrize("host", [None, "127.0.0.1", "0.0.0.0", "localhost", ""])
def test_ready(tools: Path, mode: str, host: str | None) -> None:
    address = {} if host is None else {"HOST": host}
    with answering(b'{"status": "ok"}', 200, only="/ready") as port:
        variables = {"SERVICE_MODE": mode, f"{mode.upper()}_PORT": str(port), **address}
        assert check(tools, **variables) == (0, '{"status": "ok"}')


def test_not_ready(tools: Path) -> None:
    with answering(b'{"detail": "loading"}', 503, only="/ready") as port:
        found = check(tools, SERVICE_MODE="asr", ASR_PORT=str(port))
    assert found == (1, '{"detail": "loading"}')


def test_a_long_answer_is_cut(tools: Path) -> None:
    with answering(b"x" * 100_000, 503, only="/ready") as port:
        status, output = check(tools, SERVICE_MODE="asr", ASR_PORT=str(port))
    assert status == 1
    assert 1000 < len(output) <= 2000


def test_ports_are_those_of_the_settings() -> None:
    defaults, text = Settings.model_construct(), SCRIPT.read_text()
    assert f"${{ASR_PORT:-{defaults.asr_port}}}" in text
    assert f"${{TTS_PORT:-{defaults.tts_port}}}" in text


@pytest.mark.parametrize(
    "variables",
    [
        {"SERVICE_MODE": "asr", "ASR_PORT": "'1'"},
        {"SERVICE_MODE": "asr", "ASR_PORT": "1"},
        {"SERVICE_MODE": "'asr'"},
        {"OPTIONS_FILE": "/data/options.json"},
    ],
)
def test_other_ways_to_set_the_port_are_left_to_python(
    tools: Path, variables: dict[str, str]
) -> None:
    assert check(tools, **variables) == (7, BY_PYTHON)


def test_another_program_at_the_port(tools: Path) -> None:
    with answering(b"", 404, only="/ready") as port:
        assert check(tools, SERVICE_MODE="asr", ASR_PORT=str(port)) == (7, BY_PYTHON)
