"""wyoming-openai: a Wyoming server that speaks and hears through the API of our servers."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.integration.api_clients.api import base_url
from tests.integration.api_clients.environments import required, variables
from tests.support.integration.servers import (
    POLL_SECONDS,
    START_SECONDS,
    STOP_SECONDS,
    Server,
    free_port,
)

Transport = Literal["plain", "streamed", "realtime"]
OPTIONS: dict[Transport, tuple[str, str]] = {
    "plain": ("--stt-models", "--tts-models"),
    "streamed": ("--stt-streaming-models", "--tts-streaming-models"),
    "realtime": ("--stt-realtime-models", "--tts-realtime-models"),
}
STT_MODEL = "gpt-4o-mini-transcribe"
TTS_MODEL = "gpt-4o-mini-tts"
HUNG_UP = ("ConnectionResetError", "BrokenPipeError")


@dataclass(frozen=True)
class Bridge:
    """A running bridge; `host` and `port` are its own."""

    port: int
    transport: Transport
    log_path: Path
    host: str = "127.0.0.1"

    @property
    def uri(self) -> str:
        return f"tcp://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    @property
    def complaints(self) -> list[str]:
        """Logged errors with their tracebacks, without those about a Wyoming client that hung up."""
        entries = re.split(r"^(?=[A-Z]+:)", self.log, flags=re.MULTILINE)
        errors = [entry for entry in entries if entry.startswith("ERROR:")]
        return [entry for entry in errors if not any(words in entry for words in HUNG_UP)]


@contextmanager
def bridging(
    asr_server: Server, tts_server: Server, transport: Transport, folder: Path
) -> Iterator[Bridge]:
    """Run a bridge in front of both servers until the end of the block; its log must show no error."""
    hearing, speaking = OPTIONS[transport]
    bridge = Bridge(free_port(), transport, folder / f"bridge-{transport}.log")
    command = [
        *(required("wyoming-openai"), "-m", "wyoming_openai", "--uri", bridge.uri),
        *("--languages", "en", "--log-level", "INFO"),
        *("--stt-openai-url", base_url(asr_server), hearing, STT_MODEL),
        *("--tts-openai-url", base_url(tts_server), speaking, TTS_MODEL),
    ]
    with bridge.log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            env=variables(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(bridge, process)
        yield bridge
        assert bridge.complaints == []
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait(bridge: Bridge, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, bridge.log
        try:
            socket.create_connection((bridge.host, bridge.port), 1.0).close()
        except OSError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise AssertionError(f"the bridge did not start: {bridge.log}")
