"""Connections that send one HTTP request after the other without waiting for the answers."""

from __future__ import annotations

import random

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.attacks.websockets import send_forever

CLIENTS = 8
PIPELINED = 10_000
SMALLEST_BUFFER = 4096
PATHS = ("/health", "/metrics", "/v1/models", "/v1/audio/voices", "/ui/", "/nothing")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND")
SEGMENTS = (
    *("health", "metrics", "v1", "models", "audio", "voices", "speech", "realtime", "ui", "api"),
    *("..", "%2e%2e", "%00", "%ff", "*", "a" * 300, "?q=1", "%", "//", ";"),
)
"""Parts of paths. Those that no server takes would end the connection."""
RANDOM_REQUESTS = 2_000
MOST_SEGMENTS = 6


def requests_for(*paths: str) -> bytes:
    """Requests for these paths in turn, as many as are sent at once."""
    lines = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for path in paths]
    return b"".join(lines[number % len(lines)] for number in range(PIPELINED))


def random_requests(source: random.Random) -> bytes:
    """Requests with random methods and paths."""
    requests = []
    for _ in range(RANDOM_REQUESTS):
        path = "/".join(source.choices(SEGMENTS, k=source.randint(1, MOST_SEGMENTS)))
        requests.append(f"{source.choice(METHODS)} /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return "".join(requests).encode()


async def pipeline(run: AttackRun) -> None:
    """Send ten thousand requests at once, again and again, and read the answers."""
    data = requests_for(*PATHS)

    async def flood(link: Link) -> None:
        await send_forever(link, data)

    await run.on_connections(CLIENTS, flood)


async def pipeline_unread(run: AttackRun) -> None:
    """Send ten thousand requests at once, again and again, and read nothing."""
    data = requests_for("/metrics")

    async def flood(link: Link) -> None:
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]
        while run.seconds_left:
            await link.send(data)

    await run.on_connections(CLIENTS, flood, receive_buffer=SMALLEST_BUFFER)


async def wander(run: AttackRun) -> None:
    """Send requests with random methods and paths; they are the same in each run."""
    data = random_requests(random.Random(0))

    async def flood(link: Link) -> None:
        await send_forever(link, data)

    await run.on_connections(CLIENTS, flood)


HTTP_FLOODS = (
    Attack(f"{PIPELINED} HTTP requests at once, {CLIENTS} clients", pipeline, over_http=True),
    Attack(f"{PIPELINED} HTTP requests, answers never read", pipeline_unread, over_http=True),
    Attack(f"random methods and paths, {CLIENTS} clients", wander, over_http=True),
)
