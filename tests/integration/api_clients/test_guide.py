"""The commands and programs of docs/api.md run as they are, against real servers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.api_clients.environments import required, variables
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.config.settings import Settings

GUIDE = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
TEXT = "Dinner is ready."
COMMAND_SECONDS = 300.0


def blocks(kind: str, mark: str) -> list[str]:
    """The blocks of code of one language that contain a mark."""
    found = [text for language, text in BLOCKS if language == kind and mark in text]
    assert found
    return found


def with_ports(text: str, asr_server: Server, tts_server: Server) -> str:
    """The text for these servers, where the guide has the default ports."""
    assert text.count("localhost:") == text.count("localhost:5001") + text.count("localhost:5002")
    for port, server in ((5001, asr_server), (5002, tts_server)):
        text = text.replace(f"localhost:{port}", f"{server.host}:{server.port}")
    return text


def test_curl(asr_server: Server, tts_server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    [commands] = blocks("sh", "curl ")
    answers = []
    for command in with_ports(commands, asr_server, tts_server).splitlines():
        done = subprocess.run(
            ["bash", "-c", f"{command} --fail-with-body --silent --show-error"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answers.append(done.stdout)
    said, json_answer, srt, stream, voices = answers
    assert said == ""
    assert (tmp_path / "dinner.mp3").stat().st_size > 1000
    assert words(json.loads(json_answer)["text"]) == words(TEXT)
    assert "00:00:0" in srt
    assert "transcript.text.done" in stream
    assert "en_US-joe-medium" in voices


@pytest.mark.parametrize("program", blocks("python", "import"), ids=lambda text: text.split()[1])
def test_python(program: str, asr_server: Server, tts_server: Server, tmp_path: Path) -> None:
    """LiveKit's and Pipecat's objects are only created; what they do is tested elsewhere."""
    done = subprocess.run(
        [required("libraries"), "-c", with_ports(program, asr_server, tts_server)],
        env=variables(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    if "print(" in program:
        assert words(done.stdout) == words(TEXT)


def test_aliases() -> None:
    [line] = blocks("sh", "API_VOICES")
    [name, value] = shlex.split(line)[0].split("=", 1)
    settings = Settings.model_validate({"service_mode": "tts", name.lower(): value})
    assert dict(settings.api_voices) == {"alloy": "anna [de]", "nova": "bert"}
