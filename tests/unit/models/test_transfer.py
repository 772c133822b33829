from __future__ import annotations

import http.server
import ssl
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.models import transfer
from wyoming_voice_stack.models.transfer import RateLimit, SlowServer, Source, download

CONTENT = bytes(range(256)) * 1000


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `CONTENT`; what a test sets on the class says how."""

    protocol_version = "HTTP/1.1"
    bytes_at_once = len(CONTENT)
    """After so many bytes, the connection is closed."""
    failures: list[int]
    """Statuses of the first answers."""
    wrong_start = False
    chunked = False
    redirect_to = ""
    address = ""
    seen: list[tuple[str | None, str | None]]
    """The headers Range and Authorization of each request."""

    def do_GET(self) -> None:
        self.close_connection = True
        asked = self.headers.get("Range")
        assert str(self.headers["User-Agent"]).startswith("wyoming-voice-stack/")
        self.seen.append((asked, self.headers.get("Authorization")))
        if self.failures:
            self._head(self.failures.pop(0), {"Content-Length": "0"})
            return
        if self.redirect_to:
            self._head(302, {"Location": self.redirect_to, "Content-Length": "0"})
            return
        start = int((asked or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start >= len(CONTENT):
            self._head(416, {"Content-Length": "0"})
            return
        rest = CONTENT[start:]
        headers = {"Content-Length": str(len(rest))}
        if start:
            shown = start + 1 if self.wrong_start else start
            headers["Content-Range"] = f"bytes {shown}-{len(CONTENT) - 1}/{len(CONTENT)}"
        if self.chunked:
            headers = {"Transfer-Encoding": "chunked"}
        self._head(206 if start else 200, headers)
        part = rest[: self.bytes_at_once]
        if self.chunked:
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n0\r\n\r\n")
        else:
            self.wfile.write(part)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[type[Server]]:
    class Fresh(Server):
        failures: list[int] = []  # noqa: RUF012 - one for each test
        seen: list[tuple[str | None, str | None]] = []  # noqa: RUF012 - one for each test

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fresh) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        Fresh.address = f"http://127.0.0.1:{server.server_port}/file"
        yield Fresh
        server.shutdown()
        serving.join()


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "RETRY_PAUSES_S", (0.0, 0.0))


def source(served: type[Server], **given: object) -> Source:
    values: dict[str, object] = {"limit_bytes": len(CONTENT), "size_bytes": len(CONTENT)}
    return Source(served.address, **(values | given))  # type: ignore[arg-type]


def test_a_connection_that_ends_early_is_continued(served: type[Server], tmp_path: Path) -> None:
    served.bytes_at_once = 100_000
    sizes: list[int] = []
    located: list[int] = []

    def locate() -> Source:
        located.append(1)
        return source(served)

    download(locate, tmp_path / "file", sizes.append)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [asked for asked, _ in served.seen] == [None, "bytes=100000-", "bytes=200000-"]
    assert len(located) == 3, "addresses may expire"
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (0, len(CONTENT))


def test_a_file_that_is_complete_is_not_asked_for(served: type[Server], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    download(lambda: source(served), tmp_path / "file")
    assert served.seen == []


@pytest.mark.parametrize("size_bytes", [len(CONTENT), None])
@pytest.mark.parametrize("excess", [b"", b"x"])
def test_a_file_that_is_too_long_or_complete_without_a_known_size(
    served: type[Server], tmp_path: Path, size_bytes: int | None, excess: bytes
) -> None:
    (tmp_path / "file").write_bytes(CONTENT + excess)
    download(lambda: source(served, size_bytes=size_bytes), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_without_a_length(served: type[Server], tmp_path: Path) -> None:
    served.chunked = True
    download(lambda: source(served, size_bytes=None), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_continues_elsewhere(served: type[Server], tmp_path: Path) -> None:
    served.wrong_start = True
    (tmp_path / "file").write_bytes(CONTENT[:1000])
    with pytest.raises(ConnectionError, match="continued at byte 1001 instead of 1000"):
        download(lambda: source(served), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT[:1000]


def test_only_a_download_that_has_begun_is_tried_again(
    served: type[Server], tmp_path: Path
) -> None:
    served.failures = [503]
    with pytest.raises(urllib.error.HTTPError, match="503"):
        download(lambda: source(served), tmp_path / "file")
    served.bytes_at_once = 200_000
    (tmp_path / "file").write_bytes(CONTENT[:1000])
    download(lambda: source(served), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("statuses", "works"), [([503], True), ([429, 503], False), ([403], False)]
)
def test_failures_in_between(
    served: type[Server], tmp_path: Path, statuses: list[int], works: bool
) -> None:
    served.bytes_at_once = 200_000

    def locate() -> Source:
        if len(served.seen) == 1:
            served.failures = list(statuses)
        return source(served)

    if works:
        download(locate, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == CONTENT
    else:
        with pytest.raises(urllib.error.HTTPError):
            download(locate, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == CONTENT[:200_000]


def test_a_file_above_the_limit(served: type[Server], tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match=r"127\.0\.0\.1:\d+/file exceeds the size limit"):
        download(lambda: source(served, limit_bytes=1000, size_bytes=None), tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_token_is_sent_to_its_host_only(served: type[Server], tmp_path: Path) -> None:
    token = {"Authorization": "Bearer key"}

    class Other(Server):
        failures: list[int] = []  # noqa: RUF012 - one for each test
        seen: list[tuple[str | None, str | None]] = []  # noqa: RUF012 - one for each test

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        served.redirect_to = f"http://127.0.0.1:{server.server_port}/file"
        try:
            download(lambda: source(served, headers=token), tmp_path / "file")
        finally:
            server.shutdown()
            serving.join()
    assert (served.seen, Other.seen) == ([(None, "Bearer key")], [(None, None)])


def test_only_http(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(urllib.error.URLError, match="not an HTTP address"):
        download(lambda: Source(f"file://{tmp_path}/secret", 100), tmp_path / "file")


def test_a_server_that_trickles(
    served: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "SLOW_AFTER_S", 0.0)
    monkeypatch.setattr(transfer, "SLOWEST_BYTES_PER_S", 10**15)
    with pytest.raises(SlowServer, match=r"the server sent only .* kB in 0 s, less than .* kB per"):
        download(lambda: source(served), tmp_path / "file")
    assert (tmp_path / "file").stat().st_size > 0, "it is kept"
    assert len(served.seen) == 1, "it is not tried again at once"


def test_the_rate_is_that_of_the_last_minute() -> None:
    rate = RateLimit(0.0)
    rate.add(300_000, 59.0)
    rate.add(0, 60.0)
    rate.add(299_999, 119.0)
    with pytest.raises(SlowServer, match=r"sent only 300\.0 kB in 60 s, less than 5 kB per second"):
        rate.add(0, 120.0)


def test_a_system_without_certificate_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("certifi")
    (tmp_path / "certs").mkdir()
    nothing = SimpleNamespace(cafile=None, capath=str(tmp_path / "certs"))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "certs"))
    assert ssl.create_default_context().cert_store_stats()["x509_ca"] == 0
    assert transfer.trusted_authorities().cert_store_stats()["x509_ca"] > 50
