"""Starts the servers to measure: ours, and a peer in a virtual environment of its own."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from wyoming.client import AsyncTcpClient
from wyoming.info import Describe

from benchmarks.common.cache import run_command
from benchmarks.common.errors import BenchmarkError
from tests.support.integration.servers import free_port, running

HOST = "127.0.0.1"
OURS = "ours"
PEER = "peer"

_INSTALL_SECONDS = 900
_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_POLL_S = 0.2
_LAST_LOG_CHARACTERS = 2000


@dataclass(frozen=True)
class Target:
    """A server to measure. Without a process ID its CPU time and memory are unknown."""

    name: str
    host: str
    port: int
    pid: int | None = None
    version: str = ""


class Peer(NamedTuple):
    """Another Wyoming server, as a Python package with a command of the same name."""

    package: str
    version: str
    libraries: tuple[str, ...]
    """Packages whose versions are shown: do both servers use the same ones?"""
    variables: str
    """Part of the names of its environment variables, which must not change what is measured."""


Start = Callable[[Path], AbstractContextManager[Target]]
"""Runs a server with files in a temporary folder while the block runs."""


@contextmanager
def serving(
    uri: str | None, pid: int | None, ours: Start, peer: Start | None
) -> Iterator[list[Target]]:
    """The servers to measure: the one at `uri` or else ours, then the peer."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        targets = [at_uri(uri, pid) if uri else stack.enter_context(ours(folder))]
        if peer:
            targets.append(stack.enter_context(peer(folder)))
        yield targets


def at_uri(uri: str, pid: int | None) -> Target:
    """The server at `tcp://HOST:PORT`.

    Raises:
        BenchmarkError: the URI has no host or no port.
    """
    parts = urlsplit(uri)
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise BenchmarkError(f"Invalid server URI {uri!r}. Use tcp://HOST:PORT.")
    return Target("server", parts.hostname, parts.port, pid)


@contextmanager
def own_target(
    mode: str, folder: Path, settings: Mapping[str, str], libraries: tuple[str, ...]
) -> Iterator[Target]:
    """Run our server as one to measure; it is ready in the block."""
    with running(mode, folder, settings) as server:
        name = f"wyoming-voice-stack {version('wyoming-voice-stack')}"
        used = ", ".join(f"{library} {own_version(library)}" for library in libraries)
        yield Target(OURS, HOST, server.port, server.process.pid, f"{name} ({used})")


@contextmanager
def peer_target(
    peer: Peer, folder: Path, cache: Path, settings: Mapping[str, str], more: str
) -> Iterator[Target]:
    """Run a peer, installed into the cache if need be; it answers in the block.

    `settings` are options of its command line with their values, `more` is further options.

    Raises:
        BenchmarkError: it cannot be installed or does not start.
    """
    environment = environment_with(peer, cache)
    port = free_port()
    command = [
        str(environment / "bin" / peer.package),
        *("--uri", f"tcp://{HOST}:{port}"),
        *(word for setting in settings.items() for word in setting),
        "--local-files-only",
        *shlex.split(more),
    ]
    with answering(command, _variables_for(peer), port, folder) as process:
        used = versions_in(environment, peer.libraries)
        yield Target(PEER, HOST, port, process.pid, f"{peer.package} {peer.version} ({used})")


@contextmanager
def answering(
    command: list[str], variables: Mapping[str, str], port: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a peer's command; it answers `describe` in the block and is stopped after it.

    Raises:
        BenchmarkError: it does not start.
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
        _stop(process)


def environment_with(peer: Peer, cache: Path) -> Path:
    """A virtual environment with the peer; a marker file says that it is complete.

    Raises:
        BenchmarkError: it cannot be installed.
    """
    environment = cache / "venvs" / f"{peer.package}-{peer.version}"
    complete = environment / "complete"
    if complete.exists():
        return environment
    environment.parent.mkdir(parents=True, exist_ok=True)
    python = str(environment / "bin" / "python")
    requirement = f"{peer.package}=={peer.version}"
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        [python, "-m", "pip", "install", "--quiet", requirement],
    ):
        run_command(command, timeout_s=_INSTALL_SECONDS, hint="Leave out --peer to do without it.")
    complete.touch()
    return environment


def versions_in(environment: Path, packages: tuple[str, ...]) -> str:
    """Names and versions of packages in another virtual environment."""
    question = f"from importlib.metadata import version; print(*map(version, {packages}))"
    answer = subprocess.run(
        [str(environment / "bin" / "python"), "-c", question],
        capture_output=True,
        text=True,
        check=True,
    )
    used = zip(packages, answer.stdout.split(), strict=True)
    return ", ".join(f"{package} {number}" for package, number in used)


def own_version(package: str) -> str:
    """Version of a package in this environment, in which it may be absent."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _variables_for(peer: Peer) -> dict[str, str]:
    """The environment variables without the peer's settings, and with telemetry off."""
    inherited = {name: value for name, value in os.environ.items() if peer.variables not in name}
    return inherited | {"ORT_DISABLE_TELEMETRY": "1"}


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if asyncio.run(_describes(port)):
            return
        time.sleep(_POLL_S)
    log = log_path.read_text(errors="replace")[-_LAST_LOG_CHARACTERS:]
    raise BenchmarkError(f"{log_path.stem} did not start: {log}")


async def _describes(port: int) -> bool:
    try:
        async with AsyncTcpClient(HOST, port) as client:
            await client.write_event(Describe().event())
            return await client.read_event() is not None
    except (OSError, TimeoutError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
