"""The servers to measure: by URI, and one that does not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.servers import Target, answering, at_uri
from tests.support.integration.servers import free_port


def test_a_uri_names_a_server() -> None:
    assert at_uri("tcp://localhost:10300", 7) == Target("server", "localhost", 10300, 7)
    for wrong in ("localhost:10300", "tcp://localhost", "unix:///run/x"):
        with pytest.raises(BenchmarkError, match="tcp://HOST:PORT"):
            at_uri(wrong, None)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such voice')"]
    with (
        pytest.raises(BenchmarkError, match="did not start: no such voice"),
        answering(command, {}, free_port(), tmp_path),
    ):
        pass
