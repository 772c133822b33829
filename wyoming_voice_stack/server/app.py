"""One server's life: open the port, load, announce, serve, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from wyoming_voice_stack.announce.supervisor import Supervisor, SupervisorAnnouncer
from wyoming_voice_stack.announce.zeroconf import Announcer, default_instance_name
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.http.health import make_runner
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection import ConnectionLimits
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.listener import Listener

_LOGGER = logging.getLogger(__name__)

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

ENGINE_STOP_SECONDS = 5.0
"""How long an engine may take to leave its last call at the end."""


class RunningService(Protocol):
    """A service with a beginning and an end."""

    def status(self) -> ServiceStatus:
        """Return the current state; never blocks."""
        ...

    async def start(self) -> None:
        """Begin to load."""
        ...

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engines; False if one was still inside a call after `timeout_s`."""
        ...


@dataclass(frozen=True)
class AssembledServer:
    """A service, and how it is offered over the Wyoming protocol."""

    service: RunningService
    front_end: FrontEnd


_WAITING = {
    # Between two small matrices of Whisper's decoder a thread that sleeps comes back too late: 0.26 s
    # with two threads, 0.12 s if they spin for some microseconds first, 0.18 s with one thread.
    "asr": (("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "2000")),
    # Torch's matrices are large; there, threads that spin take the cores from those that work.
    "tts": (("OMP_WAIT_POLICY", "PASSIVE"), ("GOMP_SPINCOUNT", "0")),
}


def prepare_process(mode: str) -> None:
    """Set what libraries read from the environment when they are imported, unless it is set."""
    for name, value in (
        *_WAITING[mode],
        # numpy's threads spin after each small product: a third of the cost of a transcription.
        ("OPENBLAS_NUM_THREADS", "1"),
        ("ORT_DISABLE_TELEMETRY", "1"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("TOKENIZERS_PARALLELISM", "false"),
    ):
        os.environ.setdefault(name, value)


async def serve(
    settings: Settings, assemble: Callable[[Settings, Metrics], AssembledServer]
) -> bool:
    """Serve until SIGTERM or SIGINT, then drain. A second signal ends the grace period.

    Returns False if an engine was still inside a call when everything else had stopped.

    Raises:
        ConfigError: the address cannot be listened on.
        ModelError: the model can never be had as configured.
    """
    stop, hurry = asyncio.Event(), asyncio.Event()
    with _signals(stop, hurry):
        metrics = Metrics()
        assembled = assemble(settings, metrics)
        service = assembled.service
        listener = _listener(settings, assembled, metrics)
        await listener.start(settings.host, settings.port)
        _LOGGER.info("listening on port %d, mode %s", listener.port, settings.service_mode)
        await service.start()
        async with _announced(settings, listener.port, service) as withdraw:
            await stop.wait()
            _LOGGER.info("stopping: running requests have %g s", settings.shutdown_grace_seconds)
            listener.stop_accepting()
            await withdraw()
            await _drain(listener, settings.shutdown_grace_seconds, hurry)
        stopped = await service.stop(ENGINE_STOP_SECONDS)
        _LOGGER.info("stopped")
        return stopped


def _listener(settings: Settings, assembled: AssembledServer, metrics: Metrics) -> Listener:
    return Listener(
        front_end=assembled.front_end,
        http=make_runner(assembled.service, metrics),
        metrics=metrics,
        limits=ConnectionLimits(
            idle_s=settings.idle_timeout_seconds,
            read_s=settings.read_timeout_seconds,
            write_s=settings.write_timeout_seconds,
        ),
        max_connections=settings.max_connections,
        allowed_clients=settings.allowed_clients,
    )


async def _drain(listener: Listener, grace_s: float, hurry: asyncio.Event) -> None:
    draining = asyncio.create_task(listener.drain(grace_s), name="drain")
    hurrying = asyncio.create_task(hurry.wait(), name="hurry")
    await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    hurrying.cancel()
    if not draining.done():
        draining.cancel()
        await asyncio.wait({draining})
        await listener.drain(0.0)


@asynccontextmanager
async def _announced(
    settings: Settings, port: int, service: RunningService
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    announcer = _announcer(settings, port, service)
    if announcer is None:
        yield _nothing
        return
    await announcer.start()
    try:
        yield announcer.stop
    finally:
        await announcer.stop()


def _announcer(
    settings: Settings, port: int, service: RunningService
) -> Announcer | SupervisorAnnouncer | None:
    if settings.supervisor_token is not None:
        # Not by zeroconf too: Home Assistant would show the server twice.
        return SupervisorAnnouncer(
            Supervisor(settings.supervisor_url, settings.supervisor_token.get_secret_value()),
            # The name of an add-on's container is the one under which others find it.
            uri=f"tcp://{socket.gethostname()}:{port}",
            is_ready=lambda: is_ready(service.status()),
        )
    if not settings.zeroconf:
        return None
    return Announcer(
        instance_name=settings.zeroconf_name or default_instance_name(settings.service_mode or ""),
        port=port,
        bind_host=settings.host,
    )


async def _nothing() -> None:
    return


@contextmanager
def _signals(stop: asyncio.Event, hurry: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
