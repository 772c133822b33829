"""The servers that are measured: one that runs, our own, and the one that most people have."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from wyoming.info import Describe

from tests.support.fakes import peer as connected
from tests.support.integration.servers import free_port, running

OURS = "ours"
PEER = "peer"
PEER_PACKAGE = "wyoming-faster-whisper"
PEER_VERSION = "3.8.1"

_BUILDING = ("ctranslate2", "faster-whisper", "onnxruntime")
"""Packages whose versions say whether two servers are built on the same."""
_INSTALL_SECONDS = 900
_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_POLL_S = 0.2
_LAST_LOG_CHARACTERS = 2000


class NoServer(Exception):
    """A server cannot be started; the message says why."""


@dataclass(frozen=True)
class Target:
    """A server to be measured; without a process its use of the machine is not known."""

    name: str
    host: str
    port: int
    pid: int | None = None
    version: str = ""


@dataclass(frozen=True)
class Options:
    """What both servers are told."""

    model: Path
    language: str
    threads: int
    beam: int
    device: str = "cpu"
    """Ours alone."""


def at_uri(uri: str, pid: int | None) -> Target:
    """The server at `tcp://HOST:PORT`.

    Raises:
        NoServer: the URI names no host or no port.
    """
    parts = urlsplit(uri)
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise NoServer(f"{uri!r} names no server; write it as tcp://HOST:PORT")
    return Target("server", parts.hostname, parts.port, pid)


@contextmanager
def our_server(options: Options, folder: Path) -> Iterator[Target]:
    """Run our speech-to-text server; it is ready in the block."""
    settings = {
        "ASR_MODEL": str(options.model),
        "ASR_DEVICE": options.device,
        "ASR_COMPUTE_TYPE": "int8" if options.device == "cpu" else "auto",
        "ASR_LANGUAGE": options.language,
        "ASR_CPU_THREADS": str(options.threads),
        "ASR_BEAM_SIZE": str(options.beam),
    }
    with running("asr", folder, settings) as server:
        name = f"wyoming-voice-stack {version('wyoming-voice-stack')}"
        built_on = ", ".join(f"{package} {own_version(package)}" for package in _BUILDING)
        yield Target(OURS, "127.0.0.1", server.port, server.process.pid, f"{name} ({built_on})")


@contextmanager
def peer_server(options: Options, folder: Path, cache: Path, more: str) -> Iterator[Target]:
    """Run wyoming-faster-whisper, installed into the cache if need be; it answers in the block.

    `more` is further options of its command line.

    Raises:
        NoServer: it cannot be installed or does not start.
    """
    environment = environment_with(PEER_PACKAGE, PEER_VERSION, cache)
    port = free_port()
    command = [*_peer_command(environment, options, folder, port), *shlex.split(more)]
    with answering(command, _peer_variables(), port, folder) as process:
        built_on = versions_in(environment, _BUILDING)
        told = f"{PEER_PACKAGE} {PEER_VERSION} ({built_on})"
        yield Target(PEER, "127.0.0.1", port, process.pid, told)


@contextmanager
def answering(
    command: list[str], variables: dict[str, str], port: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run another server than ours; it answers in the block, and is ended after it.

    Raises:
        NoServer: it does not start.
    """
    log_path = folder / f"{Path(command[0]).name}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_until_it_answers(process, port, log_path)
        yield process
    finally:
        _end(process)


def _peer_command(environment: Path, options: Options, folder: Path, port: int) -> list[str]:
    settings = {
        "--uri": f"tcp://127.0.0.1:{port}",
        "--data-dir": str(folder),
        "--model": str(options.model),
        "--language": options.language,
        "--device": "cpu",
        "--compute-type": "int8",
        "--cpu-threads": str(options.threads),
        "--beam-size": str(options.beam),
        "--stt-library": "faster-whisper",
    }
    command = str(environment / "bin" / PEER_PACKAGE)
    return [command, *(word for pair in settings.items() for word in pair), "--local-files-only"]


def environment_with(package: str, number: str, cache: Path) -> Path:
    """A virtual environment with this version of a package; a file says that it is complete.

    Raises:
        NoServer: it cannot be installed.
    """
    environment = cache / "venvs" / f"{package}-{number}"
    complete = environment / "complete"
    if complete.exists():
        return environment
    environment.parent.mkdir(parents=True, exist_ok=True)
    python = str(environment / "bin" / "python")
    wanted = f"{package}=={number}"
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        [python, "-m", "pip", "install", "--quiet", wanted],
    ):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
        )
        if done.returncode:
            raise NoServer(f"'{' '.join(command)}' failed: {done.stderr.strip()}")
    complete.touch()
    return environment


def _peer_variables() -> dict[str, str]:
    """The environment without settings of the peer, and with its libraries' telemetry off."""
    inherited = {name: value for name, value in os.environ.items() if "WYO_WHISPER" not in name}
    return inherited | {"ORT_DISABLE_TELEMETRY": "1"}


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if asyncio.run(_describes(port)):
            return
        time.sleep(_POLL_S)
    log = log_path.read_text(errors="replace")[-_LAST_LOG_CHARACTERS:]
    raise NoServer(f"{log_path.stem} did not start: {log}")


async def _describes(port: int) -> bool:
    try:
        async with connected(port) as client:
            await client.send(Describe().event())
            return await client.next() is not None
    except (OSError, TimeoutError):
        return False


def versions_in(environment: Path, packages: tuple[str, ...]) -> str:
    """Names and versions of packages in another virtual environment."""
    question = f"from importlib.metadata import version; print(*map(version, {packages}))"
    answer = subprocess.run(
        [str(environment / "bin" / "python"), "-c", question],
        capture_output=True,
        text=True,
        check=True,
    )
    built_on = zip(packages, answer.stdout.split(), strict=True)
    return ", ".join(f"{package} {number}" for package, number in built_on)


def own_version(package: str) -> str:
    """The same in this environment; a package may be absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
