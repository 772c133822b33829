"""The servers to attack, started again after an attack that ends one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.servers import OURS, PEER, Start, Target, own_target
from benchmarks.robustness.attack import Service
from benchmarks.robustness.trial import Subject, get_to_know
from benchmarks.stt.whisper_base import model_directory
from benchmarks.stt.whisper_servers import WYOMING_FASTER_WHISPER, WhisperOptions, peer_whisper
from benchmarks.tts.piper_servers import JOE, WYOMING_PIPER, PiperOptions, peer_piper
from tests.support.integration.servers import EMBEDDED_WHISPER

THREADS = 2
BEAM = 1
OUTSIDE = "192.0.2.1"
"""An address of documentation; nothing is sent to it and no client has it."""
DISCARD_PORT = 9
NOT_RESTARTED = "It has ended and was not started here, so the remaining attacks are left out."


class Choice(NamedTuple):
    """A server to attack, and how it is started."""

    name: str
    start: Start
    start_closed: Start | None = None
    """Starts it so that only loopback and `OUTSIDE` are allowed; None if that cannot be chosen."""
    allows_all: bool = False
    """Whether it has no list of the addresses that may connect."""
    serves_http: bool = True
    is_started_here: bool = True


class Attacked:
    """One server, with a new process whenever an attack has ended the last one."""

    def __init__(self, choice: Choice, folder: Path) -> None:
        self.name = choice.name
        self._choice = choice
        self._folder = folder
        self._running = ExitStack()
        self._subject: Subject | None = None

    def subject(self) -> Subject:
        """The running server; started if need be.

        Raises:
            BenchmarkError: it does not start, or does not answer.
        """
        if self._subject is None:
            target = self._running.enter_context(self._choice.start(self._folder))
            self._subject = asyncio.run(get_to_know(replace(target, name=self.name)))
        return self._subject

    def kill(self) -> None:
        """End it at once; a further attack gets a new process. For one that no longer answers."""
        if self._subject is not None and self._subject.target.pid and self._choice.is_started_here:
            with suppress(ProcessLookupError):
                os.kill(self._subject.target.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Stop it; a further attack gets a new process."""
        self._subject = None
        # A server that an attack has ended cannot be stopped well; its row says so.
        with suppress(AssertionError, OSError):
            self._running.close()
        self._running = ExitStack()


def own_choices(services: list[Service]) -> list[Choice]:
    """Our servers, with the models that come in Python packages."""
    # The attackers may come from any address of this machine.
    return [
        Choice(f"{OURS} {service}", partial(_own, service, "any"), partial(_own, service, OUTSIDE))
        for service in services
    ]


def _own(service: Service, allowed_clients: str, folder: Path) -> AbstractContextManager[Target]:
    allowed = {"ALLOWED_CLIENTS": allowed_clients}
    if service == "asr":
        settings = allowed | {"ASR_MODEL": EMBEDDED_WHISPER, "ASR_LANGUAGE": "en"}
        return own_target("asr", folder, settings, WYOMING_FASTER_WHISPER.libraries)
    return own_target("tts", folder, allowed | {"TTS_MODEL": JOE}, WYOMING_PIPER.libraries)


def peer_choices(services: list[Service], cache: Path) -> list[Choice]:
    """wyoming-faster-whisper and wyoming-piper with the same models."""

    def whisper(folder: Path) -> AbstractContextManager[Target]:
        model = model_directory(EMBEDDED_WHISPER, cache)
        return peer_whisper(WhisperOptions(model, "en", THREADS, BEAM), folder, cache, "")

    starts: dict[Service, Start] = {
        "asr": whisper,
        "tts": lambda folder: peer_piper(PiperOptions(JOE, 0), folder, cache, ""),
    }
    return [
        Choice(f"{PEER} {service}", starts[service], allows_all=True, serves_http=False)
        for service in services
    ]


def given_choice(address: str, pid: int | None) -> Choice:
    """A server that runs already.

    Raises:
        BenchmarkError: the address is not HOST:PORT.
    """
    host, colon, port = address.removeprefix("tcp://").rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise BenchmarkError(f"Invalid server address {address!r}. Use HOST:PORT.")
    target = Target("server", host.strip("[]"), int(port), pid)
    started = iter([target])

    @contextmanager
    def start(folder: Path) -> Iterator[Target]:
        del folder
        try:
            yield next(started)
        except StopIteration:
            raise BenchmarkError(NOT_RESTARTED) from None

    return Choice("server", partial(start), is_started_here=False)


def other_address() -> str | None:
    """An address of this machine that is not loopback, for the attackers; None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((OUTSIDE, DISCARD_PORT))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if is_loopback(address) else address


def is_loopback(address: str) -> bool:
    """Whether an address is one that servers always allow."""
    return ip_address(address).is_loopback
