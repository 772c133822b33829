"""A model hub on the loopback interface: the few requests that fetching a model makes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

WAIT_S = 300.0


@dataclass
class Repository:
    """What the hub has, and how it misbehaves when one asks for it."""

    files: dict[str, bytes]
    commit: str = "1" * 40
    gated: bool = False
    files_are_hidden: bool = False
    """The hub describes the model and then refuses to give its files."""
    tells_sizes: bool = True
    """Mirrors may leave out all but the names."""
    silent: bool = False
    """Asked what the model is, it waits for `FakeHub.go_on`."""
    claimed_size_bytes: dict[str, int] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    """Served with a byte flipped, under the digest of the right ones."""
    breaks_off: set[str] = field(default_factory=set)
    """The connection is reset after half of the bytes."""
    ends_early: set[str] = field(default_factory=set)
    """The connection is closed after half of the bytes, all of which arrive."""
    stalls: set[str] = field(default_factory=set)
    """After half of the bytes, waits for `FakeHub.go_on`."""
    continues: bool = True
    """Whether it serves the rest of a file; otherwise it always sends the whole file."""

    def sibling(self, path: str) -> dict[str, object]:
        """A file as the hub describes it along with the model, if asked for more than names."""
        size = self.claimed_size_bytes.get(path, len(self.files[path]))
        lfs = {"sha256": sha256(self.files[path]), "size": size, "pointerSize": 130}
        sibling: dict[str, object] = {"rfilename": path, "size": size, "blobId": "0" * 40}
        return sibling | ({"lfs": lfs} if is_large(path) else {})


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_large(path: str) -> bool:
    return path.endswith((".bin", ".onnx"))


class FakeHub:
    """Runs in threads of its own for as long as the `with` block lasts."""

    def __init__(self, repositories: Mapping[str, Repository]) -> None:
        self.repositories = dict(repositories)
        self.requests: Counter[str] = Counter()
        self.continued_at: list[int] = []
        """The positions from which the rest of a file was served."""
        self.halfway = threading.Event()
        self.go_on = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.hub = hub
    return Handler


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/").removeprefix("api/models/")
        organisation, _, rest = path.partition("/")
        name, _, rest = rest.partition("/")
        verb, _, rest = rest.partition("/")
        revision, _, file = rest.partition("/")
        self.hub.requests[f"{self.command} {file or verb}"] += 1
        repository = self.hub.repositories.get(f"{organisation}/{name}")
        if repository is None:
            self._refuse(HTTPStatus.NOT_FOUND, "RepoNotFound")
        elif repository.gated:
            self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo")
        elif revision not in {"main", repository.commit}:
            self._refuse(HTTPStatus.NOT_FOUND, "RevisionNotFound")
        elif verb == "resolve" and repository.files_are_hidden:
            self._refuse(HTTPStatus.FORBIDDEN, "Hidden")
        elif verb == "resolve":
            self._send_file(repository, file)
        elif verb == "revision":
            self._describe(repository)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "NobodyAsksThat")

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        self._send(b"", {"X-Error-Code": code}, status)

    def _describe(self, repository: Repository) -> None:
        if repository.silent:
            # The client has disconnected.
            self.hub.go_on.wait(WAIT_S)
            self.close_connection = True
            return
        asked = "blobs" in parse_qs(urlsplit(self.path).query)
        with_blobs = asked and repository.tells_sizes
        siblings = [
            repository.sibling(path) if with_blobs else {"rfilename": path}
            for path in repository.files
        ]
        answer = {"id": "any/name", "sha": repository.commit, "siblings": siblings}
        self._send(json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send_file(self, repository: Repository, path: str) -> None:
        data = repository.files[path]
        served = bytes([data[0] ^ 1]) + data[1:] if path in repository.damaged else data
        headers = {"ETag": f'"{sha256(data)}"', "X-Repo-Commit": repository.commit}
        start, status = self._start(repository), HTTPStatus.OK
        if start > len(data):
            self._send(b"", headers, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            return
        if start:
            self.hub.continued_at.append(start)
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            status = HTTPStatus.PARTIAL_CONTENT
        in_halves = repository.breaks_off | repository.ends_early | repository.stalls
        if self.command == "GET" and path in in_halves:
            self._send_half(served, start, headers, status)
            self._after_half(repository, path, served)
        else:
            self._send(served[start:], headers, status)

    def _start(self, repository: Repository) -> int:
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        return int(asked) if repository.continues and self.command == "GET" else 0

    def _send_half(
        self, data: bytes, start: int, headers: Mapping[str, str], status: HTTPStatus
    ) -> None:
        half = max(start, len(data) // 2)
        self._send(data[start:half], headers, status, size=len(data) - start)
        self.wfile.flush()
        self.hub.halfway.set()

    def _after_half(self, repository: Repository, path: str, data: bytes) -> None:
        self.close_connection = True
        if path in repository.breaks_off:
            no_linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            self.connection.close()
        elif path in repository.stalls and self.hub.go_on.wait(WAIT_S):
            with contextlib.suppress(ConnectionError):
                self.wfile.write(data[len(data) // 2 :])

    def _send(
        self,
        body: bytes,
        headers: Mapping[str, str],
        status: HTTPStatus = HTTPStatus.OK,
        *,
        size: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
