"""The software prints every message in a block of docs/troubleshooting.md as it is there."""

from __future__ import annotations

import _ctypes
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import ctranslate2
import pytest
from wyoming.audio import AudioStart
from wyoming.event import Event

from tests.support.fakes import eventually
from tests.support.integration.commands import command
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, free_port, running
from tests.support.peers import peer
from wyoming_voice_stack.announce import discovery
from wyoming_voice_stack.cli import commands as cli
from wyoming_voice_stack.errors import (
    EXIT_CONFIG,
    EXIT_LICENCE,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    ConfigError,
)
from wyoming_voice_stack.machine.cuda_device import CUBLAS, load_cublas

ROOT = Path(__file__).parents[3]
PARTS = re.split(
    r"^```(.*)$", (ROOT / "docs" / "troubleshooting.md").read_text(), flags=re.MULTILINE
)
MESSAGES = [
    line
    for language, block in zip(PARTS[1::4], PARTS[2::4], strict=True)
    if not language
    for line in block.splitlines()
    if line
]


def message(fragment: str) -> str:
    """The one message of the page with these words."""
    found: list[str] = [line for line in MESSAGES if fragment in line]
    assert len(found) == 1
    return found[0]


def says(text: str, fragment: str) -> bool:
    """True if that message is in `text`; … stands for any text."""
    return bool(re.search(".*".join(map(re.escape, message(fragment).split("…"))), text))


def served(mode: str, exit_status: int, cwd: Path, **settings: str) -> str:
    """The output of a server that stops at once."""
    done = command("serve", "--mode", mode, cwd=cwd, settings=settings)
    assert done.returncode == exit_status
    return done.stderr.decode()


def entered(mode: str, *arguments: str) -> str:
    script = ROOT / "scripts" / "entrypoint.sh"
    done = subprocess.run(
        ["bash", str(script), *arguments],
        env={"SERVICE_MODE": mode},
        capture_output=True,
        check=False,
    )
    assert done.returncode == EXIT_USAGE
    return done.stderr.decode()


def a_file_for_models(cwd: Path) -> str:
    (cwd / "models").touch()
    return served("asr", EXIT_CONFIG, cwd, MODELS_DIR=str(cwd / "models"))


def port_in_use(cwd: Path) -> str:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        return served("asr", EXIT_CONFIG, cwd, ASR_PORT=port, ASR_MODEL=EMBEDDED_WHISPER)


def demo_port_in_use(cwd: Path) -> str:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = command("demo", "--once", cwd=cwd, ASR_PORT=str(other.getsockname()[1]))
    assert done.returncode == EXIT_CONFIG
    return done.stderr.decode()


def git_lfs_pointer(cwd: Path) -> str:
    (cwd / "model.bin").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    )
    return served("asr", EXIT_UNAVAILABLE, cwd, ASR_MODEL=str(cwd))


def release_refused(_: Path) -> str:
    script = ROOT / "scripts" / "check_release.py"
    done = subprocess.run(
        [sys.executable, str(script), "v99.0.0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    return done.stderr


AT_ONCE: dict[str, Callable[[Path], str]] = {
    "SERVICE_MODE is not set": lambda _: entered(""),
    "SERVICE_MODE='both'": lambda _: entered("both"),
    "ASR_PORT=": lambda cwd: served("asr", EXIT_CONFIG, cwd, ASR_PORT="70000"),
    "ASR_LANGUAGE='English'": lambda cwd: served("asr", EXIT_CONFIG, cwd, ASR_LANGUAGE="English"),
    "ASR_LANGUAGES='de'": lambda cwd: served(
        "asr", EXIT_CONFIG, cwd, ASR_MODEL="base.en", ASR_LANGUAGES="en,de"
    ),
    "Unknown voice 'jo'": lambda cwd: served(
        "tts", EXIT_CONFIG, cwd, TTS_MODEL=EMBEDDED_PIPER, TTS_VOICE="jo"
    ),
    "'sevre'": lambda _: entered("asr", "sevre"),
    "MODELS_DIR=": a_file_for_models,
    "ALLOWED_CLIENTS='homeassistant.local'": lambda cwd: served(
        "asr", EXIT_CONFIG, cwd, ALLOWED_CLIENTS="homeassistant.local"
    ),
    "set HOST to": lambda cwd: served("asr", EXIT_CONFIG, cwd, HOST="192.0.2.77"),
    "stop what uses the port": port_in_use,
    "for the demo": demo_port_in_use,
    "COQUI_TOS_AGREED": lambda cwd: served("tts", EXIT_LICENCE, cwd, HOME=str(cwd)),
    "model path": lambda cwd: served("tts", EXIT_UNAVAILABLE, cwd, TTS_MODEL="/app/models/anna"),
    "model 'bse'": lambda cwd: served("asr", EXIT_UNAVAILABLE, cwd, ASR_MODEL="bse"),
    "not a voice": lambda cwd: served("tts", EXIT_UNAVAILABLE, cwd, TTS_MODEL="base.en"),
    "not a Whisper model": lambda cwd: served(
        "asr", EXIT_UNAVAILABLE, cwd, ASR_MODEL="piper:en_US-lessac-medium"
    ),
    "Git LFS pointer": git_lfs_pointer,
    "Health check failed": lambda cwd: command(
        "health", cwd=cwd, SERVICE_MODE="asr", ASR_PORT=str(free_port())
    ).stderr.decode(),
    "check_release": release_refused,
}
WITHOUT_A_CARD = {"ASR_MODEL": "base", "HF_HUB_OFFLINE": "1", "ASR_DEVICE": "cuda"}
WHILE_IT_LOADS = {
    "HF_HUB_OFFLINE forbids": {"ASR_MODEL": "base", "HF_HUB_OFFLINE": "1"},
    # Not that the model cannot be downloaded: CUDA's library and the card come first.
    "libcublas.so.12 is not installed": WITHOUT_A_CARD,
    "no usable graphics card found": {**WITHOUT_A_CARD, "LD_LIBRARY_PATH": ""},
}
TO_ONE_TOO_MANY = "raise MAX_CONNECTIONS"
TO_A_FOREIGN_HOST = "is not a name of this server"
TO_A_FOREIGN_PAGE = "may not use this API"
# Real servers could answer, so the network is fake.
NO_SERVER_FOUND = "No Wyoming server was found"


def test_every_message_is_looked_for() -> None:
    asked = (TO_ONE_TOO_MANY, TO_A_FOREIGN_HOST, TO_A_FOREIGN_PAGE, NO_SERVER_FOUND)
    looked_for = (*AT_ONCE, *WHILE_IT_LOADS, *asked)
    assert sorted(map(message, looked_for)) == sorted(MESSAGES)


@pytest.mark.parametrize("fragment", AT_ONCE)
def test_said_at_once(fragment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COQUI_TOS_AGREED", "TTS_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    said = AT_ONCE[fragment](tmp_path)
    assert says(said, fragment), said


def test_misspelt_variable(tmp_path: Path) -> None:
    log = served("asr", EXIT_UNAVAILABLE, tmp_path, ASR_MODEL="bse", ASR_MODLE="base")
    assert "ASR_MODLE is not a setting and is ignored; did you mean ASR_MODEL?" in log


@pytest.mark.parametrize("fragment", WHILE_IT_LOADS)
async def test_said_while_it_loads(fragment: str, tmp_path: Path) -> None:
    settings = WHILE_IT_LOADS[fragment]
    if "ASR_DEVICE" in settings and (load_cublas() or ctranslate2.get_cuda_device_count()):
        pytest.skip("a graphics card is here, or CUDA's library")
    if "LD_LIBRARY_PATH" in settings:
        # Any library with that name: its functions are called only where there is a card.
        shutil.copy(_ctypes.__file__, tmp_path / CUBLAS)
        settings = {**settings, "LD_LIBRARY_PATH": str(tmp_path)}
    with running("asr", tmp_path, settings, wait_for=None) as server:
        await eventually(lambda: " is not available: " in server.log)
        assert says(server.log, fragment), server.log
        status, body = server.get("/health")
        assert status == HTTPStatus.SERVICE_UNAVAILABLE
        assert fragment in body.decode()


async def test_said_to_one_too_many(tmp_path: Path) -> None:
    with running("asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER, MAX_CONNECTIONS="1") as server:
        async with peer(server.port) as first, peer(server.port) as second:
            await first.send(AudioStart(16000, 2, 1).event(), Event("ping"))
            await first.until("pong")
            await second.send(Event("transcribe"))
            [error] = await second.rest()
    assert error.data["code"] == "busy"
    assert says(error.data["text"], TO_ONE_TOO_MANY), error.data


@pytest.mark.parametrize(
    ("path", "headers", "fragment"),
    [
        ("/health", {"Host": "voice.example.com"}, TO_A_FOREIGN_HOST),
        ("/v1/models", {"Origin": "https://chat.example.com"}, TO_A_FOREIGN_PAGE),
    ],
)
def test_said_to_what_comes_from_elsewhere(
    path: str, headers: dict[str, str], fragment: str, tmp_path: Path
) -> None:
    with running("asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=300)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
    assert answer.status == HTTPStatus.FORBIDDEN
    assert says(text, fragment), text


def test_said_where_multicast_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(_: float) -> list[discovery.FoundServer]:
        return []

    monkeypatch.setattr(discovery, "discover", nobody)
    with pytest.raises(ConfigError) as caught:
        cli.discover(timeout=0.1)
    assert says(str(caught.value), NO_SERVER_FOUND)
