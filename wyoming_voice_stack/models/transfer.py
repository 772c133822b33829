"""Downloads one file over HTTP: continues where it stopped, and gives up on a server that hardly sends."""

from __future__ import annotations

import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO

from wyoming_voice_stack import __version__
from wyoming_voice_stack.errors import ModelCorrupt

ANSWER_S = 30.0
"""Time limit for the response, and for each read."""
SLOWEST_BYTES_PER_S = 5_000
"""A server that sends less, over `SLOW_AFTER_S`, is given up."""
SLOW_AFTER_S = 60.0
RETRY_PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""Pauses before the attempts that follow one that brought bytes."""

_READ_BYTES = 1024 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_INTERRUPTIONS = (ConnectionError, TimeoutError, http.client.HTTPException, ssl.SSLError)


class SlowServer(OSError):
    """The server sends so little that the file would not arrive in a useful time."""


@dataclass(frozen=True)
class Source:
    """Where a file comes from."""

    url: str
    limit_bytes: int
    """Largest size that is accepted."""
    size_bytes: int | None = None
    """Size of the file, if known."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent to this host only, not to one that it redirects to."""


def download(
    locate: Callable[[], Source], file: Path, on_size: Callable[[int], None] = lambda _: None
) -> None:
    """Append to `file` what it lacks, or write it from the start if the server cannot continue. Blocking.

    `locate` returns the source for each attempt, because addresses may expire. `on_size` receives the
    size of the file after each read. On failure and interruption, the file keeps what has arrived.

    Raises:
        SlowServer: fewer bytes arrive than `SLOWEST_BYTES_PER_S`.
        ModelCorrupt: the file is larger than its limit.
        OSError: it cannot be downloaded, or not be written.
        http.client.HTTPException: the server does not speak HTTP.
    """
    pauses: Iterator[float] = iter(())
    done = False
    while not done:
        before = _size(file)
        try:
            _attempt(locate(), file, on_size)
            done = True
        except (urllib.error.URLError, *_INTERRUPTIONS) as error:
            if _is_final(error):
                raise
            if _size(file) > before:
                pauses = iter(RETRY_PAUSES_S)
            pause_s = next(pauses, None)
            if pause_s is None:
                raise
            time.sleep(pause_s)


def _is_final(error: Exception) -> bool:
    if not isinstance(error, urllib.error.HTTPError):
        return False
    error.close()
    return error.code not in _RETRIED_STATUSES


class RateLimit:
    """Raises an error when too few bytes arrive."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._bytes = 0

    def add(self, count: int, now: float) -> None:
        """Count bytes that have arrived.

        Raises:
            SlowServer: they are too few for the time.
        """
        self._bytes += count
        elapsed_s = now - self._since
        if elapsed_s < SLOW_AFTER_S:
            return
        if self._bytes < SLOWEST_BYTES_PER_S * elapsed_s:
            raise SlowServer(
                f"the server sent only {self._bytes / 1000:,.1f} kB in {elapsed_s:.0f} s, less than"
                f" {SLOWEST_BYTES_PER_S / 1000:g} kB per second"
            )
        self._since, self._bytes = now, 0


def _attempt(source: Source, file: Path, on_size: Callable[[int], None]) -> None:
    have = _size(file)
    if source.size_bytes is not None and have > source.size_bytes:
        file.unlink()
        have = 0
    if have and have == source.size_bytes:
        on_size(have)
        return
    try:
        with _opened(source, have) as answer:
            _write(answer, source, file, have, on_size)
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        error.close()
        file.unlink()
        _attempt(source, file, on_size)


def _opened(source: Source, have: int) -> http.client.HTTPResponse:
    if not source.url.startswith(("http://", "https://")):
        raise urllib.error.URLError(f"not an HTTP address: {source.url:.80}")
    headers = {"Accept-Encoding": "identity", "User-Agent": f"wyoming-voice-stack/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(source.url, headers=headers)  # noqa: S310 - checked above
    for name, value in source.headers.items():
        request.add_unredirected_header(name, value)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusted_authorities()))
    answer: http.client.HTTPResponse = opener.open(request, timeout=ANSWER_S)
    return answer


def trusted_authorities() -> ssl.SSLContext:
    """Return a context with the system's certificate authorities, or where it has none, with certifi's."""
    paths = ssl.get_default_verify_paths()
    has_folder = bool(paths.capath) and any(Path(paths.capath).iterdir())
    if not paths.cafile and not has_folder:
        # Small systems have none; many packages install certifi.
        with suppress(ImportError):
            import certifi

            return ssl.create_default_context(cafile=certifi.where())
    return ssl.create_default_context()


def _write(
    answer: http.client.HTTPResponse,
    source: Source,
    file: Path,
    have: int,
    on_size: Callable[[int], None],
) -> None:
    start = _start(answer)
    if start not in {0, have}:
        raise ConnectionError(f"the server continued at byte {start} instead of {have}")
    length = answer.headers.get("Content-Length", "")
    with file.open("ab" if start else "wb") as opened:
        size = start
        on_size(size)
        for count in _copied(answer, opened):
            size += count
            if size > source.limit_bytes:
                break
            on_size(size)
    if size > source.limit_bytes:
        file.unlink()
        raise ModelCorrupt(
            f"{_without_query(source.url)} exceeds the size limit for models; not stored."
        )
    if length.isdigit() and size < start + int(length):
        raise ConnectionError(f"the connection ended after {size} of {start + int(length)} bytes")


def _start(answer: http.client.HTTPResponse) -> int:
    """Return the position in the file at which the body begins."""
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return 0
    found = _CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


def _copied(answer: http.client.HTTPResponse, opened: IO[bytes]) -> Iterator[int]:
    """Write the body and yield the size of each part."""
    rate = RateLimit(time.monotonic())
    while block := answer.read1(_READ_BYTES):
        opened.write(block)
        rate.add(len(block), time.monotonic())
        yield len(block)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _without_query(url: str) -> str:
    # The query of an address may contain a signature.
    return url.partition("?")[0]
