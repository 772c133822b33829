"""The life of one server: open the port, load, announce, serve, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Protocol

from wyoming_voice_stack import __version__
from wyoming_voice_stack.announce.supervisor import Supervisor, SupervisorAnnouncer
from wyoming_voice_stack.announce.zeroconf import Announcer, default_instance_name
from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.call_watch import given_up
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.errors import EXIT_STUCK
from wyoming_voice_stack.http.application import RequestPlaces, make_runner
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.http.ingress import INGRESS_ADDRESS
from wyoming_voice_stack.http.late_routes import BuildRoutes
from wyoming_voice_stack.http.request_guard import own_namespace
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.event_rate import (
    BYTES_PER_EVENT,
    EventRate,
)
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.event_limits import SERVER_FRAMES
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.allowed_clients import Network
from wyoming_voice_stack.server.http_connections import HttpConnections
from wyoming_voice_stack.server.listener import Listener
from wyoming_voice_stack.server.thread_pool import ThreadPool

_LOGGER = logging.getLogger(__name__)

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

HTTP_REQUEST_BYTES = 8 * BYTES_PER_EVENT
"""What one HTTP request counts among the events of the Wyoming protocol."""
THREADS_STOP_SECONDS = 1.0
"""How long other threads may take to finish their calls. Looking up an address may take half a minute."""
ENGINE_STOP_SECONDS = 5.0
"""How long an engine may take to finish its last call when the server stops."""


class RunningService(Protocol):
    """A service that is started, stopped and asked for its state."""

    def status(self) -> ServiceStatus:
        """Return the current state; never blocks."""
        ...

    async def start(self) -> None:
        """Start loading; does not wait for it."""
        ...

    async def stop(self, timeout_s: float) -> bool:
        """Stop the engines; False if one was still inside a call after `timeout_s`."""
        ...


@dataclass(frozen=True)
class AssembledServer:
    """A service, its front end for the Wyoming protocol, and its part of the HTTP side."""

    service: RunningService
    front_end: FrontEnd
    late_routes: Callable[[RequestPlaces], Mapping[str, BuildRoutes]] = lambda _: {}
    """Routes of the HTTP side that are built with the first request for them."""


_THREAD_WAITING = {
    # Between two small matrix products of Whisper's decoder, a sleeping thread wakes up too late: 0.26 s
    # with two threads, 0.12 s if they spin for some microseconds first, 0.18 s with one thread.
    "asr": (("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "500")),
    # Torch's matrices are large: spinning threads would take the cores from those that work.
    "tts": (("OMP_WAIT_POLICY", "PASSIVE"), ("GOMP_SPINCOUNT", "0")),
}


def prepare_process(mode: str) -> None:
    """Set the environment variables that libraries read when imported, unless they are set already."""
    for name, value in (
        *_THREAD_WAITING[mode],
        # numpy's threads spin after each small matrix product: a third of the cost of a transcription.
        ("OPENBLAS_NUM_THREADS", "1"),
        ("ORT_DISABLE_TELEMETRY", "1"),
        ("HF_HUB_DISABLE_TELEMETRY", "1"),
        ("TOKENIZERS_PARALLELISM", "false"),
    ):
        os.environ.setdefault(name, value)


async def serve(
    settings: Settings, assemble: Callable[[Settings, Metrics], AssembledServer]
) -> int | None:
    """Serve until SIGTERM, SIGINT or SIGHUP, then drain. A second signal ends the grace period.

    Returns None, or the exit status with which the process has to be ended at once: an engine or
    another thread was still inside a call when everything else had stopped, or an engine's calls did
    not return before.

    Raises:
        ConfigError: the server cannot listen on the address.
        ModelError: the model cannot be used as configured.
    """
    stop, end_grace = asyncio.Event(), asyncio.Event()
    with _stop_signals(stop, end_grace):
        metrics, threads = Metrics(), ThreadPool()
        assembled = assemble(settings, metrics)
        service = assembled.service
        listener = _listener(settings, assembled, metrics)
        await listener.start(settings.host, settings.port)
        _LOGGER.info(
            "wyoming-voice-stack %s, listening on port %d, mode %s: %s",
            __version__,
            listener.port,
            settings.service_mode,
            service.status().summary,
        )
        await service.start()
        async with _announced(settings, listener.port, service) as withdraw:
            await stop.wait()
            _LOGGER.info(
                "stopping; running requests have %g s to finish", settings.shutdown_grace_seconds
            )
            listener.stop_accepting()
            await withdraw()
            await _drain(listener, settings.shutdown_grace_seconds, end_grace)
        stopped = await service.stop(ENGINE_STOP_SECONDS)
        stopped = await threads.stop(THREADS_STOP_SECONDS) and stopped
        _LOGGER.info("stopped")
        if given_up():
            return EXIT_STUCK
        return None if stopped else 0


def _listener(settings: Settings, assembled: AssembledServer, metrics: Metrics) -> Listener:
    turns = OverloadTurns(pauses=True)
    http_rate = EventRate(turns)
    connections = HttpConnections(settings.max_api_requests)
    return Listener(
        front_end=assembled.front_end,
        http=make_runner(
            assembled.service,
            metrics,
            allowed_hosts=settings.allowed_hosts,
            allowed_origins=settings.api_origins,
            namespace=own_namespace(),
            before_request=lambda: http_rate.pay(HTTP_REQUEST_BYTES),
            handling=connections.handling,
            new_pace=lambda: EventRate(turns).pay,
            late_routes=assembled.late_routes(connections),
            is_addon=settings.supervisor_token is not None,
            deadlines=Deadlines(settings.read_timeout_seconds, settings.write_timeout_seconds),
        ),
        http_connections=connections,
        overload_turns=turns,
        metrics=metrics,
        limits=ConnectionLimits(
            frame=SERVER_FRAMES,
            idle_s=settings.idle_timeout_seconds,
            read_s=settings.read_timeout_seconds,
            write_s=settings.write_timeout_seconds,
        ),
        max_connections=settings.max_connections,
        allowed_clients=allowed_clients(settings),
    )


def allowed_clients(settings: Settings) -> Sequence[Network]:
    """Return who may connect: of an add-on, always Home Assistant's ingress as well."""
    if not settings.allowed_clients or settings.supervisor_token is None:
        return settings.allowed_clients
    return (*settings.allowed_clients, ip_network(INGRESS_ADDRESS))


async def _drain(listener: Listener, grace_s: float, end_grace: asyncio.Event) -> None:
    draining = asyncio.create_task(listener.drain(grace_s), name="drain")
    grace_ends = asyncio.create_task(end_grace.wait(), name="second signal")
    await asyncio.wait({draining, grace_ends}, return_when=asyncio.FIRST_COMPLETED)
    grace_ends.cancel()
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
        # Not by zeroconf as well: Home Assistant would show the server twice.
        return SupervisorAnnouncer(
            Supervisor(settings.supervisor_url, settings.supervisor_token.get_secret_value()),
            # Other containers reach an add-on by the name of its container.
            uri=f"tcp://{socket.gethostname()}:{port}",
            is_ready=lambda: is_ready(service.status()),
        )
    if not settings.zeroconf:
        return None
    return Announcer(
        instance_name=settings.zeroconf_name or default_instance_name(settings.service_mode or ""),
        port=port,
        bind_host=settings.host,
        mode=settings.service_mode,
    )


async def _nothing() -> None:
    return


@contextmanager
def _stop_signals(stop: asyncio.Event, end_grace: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (end_grace if stop.is_set() else stop).set()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
