"""Whatever a client sends, the server answers with events or HTTP, and logs no error of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fakes import WAIT_SECONDS
from tests.support.fuzzing.fuzz_inputs import SEEDS, WYOMING_SEEDS, event_data, json_values, streams
from tests.support.fuzzing.fuzz_targets import framing, parsed, vocabulary
from tests.support.fuzzing.fuzzed_servers import FuzzedServers, Mode, fuzzed_servers

EXAMPLES = settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
MODES: tuple[Mode, ...] = ("asr", "tts")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[FuzzedServers]:
    with fuzzed_servers(tmp_path) as running:
        yield running


@given(streams)
@EXAMPLES
def test_framing(data: bytes) -> None:
    framing(data)


@given(event_data | st.dictionaries(st.text(max_size=5), json_values))
@EXAMPLES
def test_vocabulary(data: dict[str, Any]) -> None:
    vocabulary(json.dumps(data).encode())


@pytest.mark.parametrize("mode", MODES)
@given(data=streams)
@EXAMPLES
def test_sessions_and_the_http_switch(servers: FuzzedServers, mode: Mode, data: bytes) -> None:
    servers.serve(mode, data)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_are_requests(servers: FuzzedServers, mode: Mode, seed: bytes) -> None:
    """What a fuzzer begins with must reach the code behind the checks."""
    assert servers.serve(mode, seed, WAIT_SECONDS)


@pytest.mark.parametrize("seed", WYOMING_SEEDS)
def test_seeds_are_events(seed: bytes) -> None:
    events, error = parsed(seed, 1)
    assert events
    assert not error


def test_an_error_of_the_server_is_found(
    servers: FuzzedServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fuzzer that notices nothing proves nothing."""

    def broken(*_: object) -> None:
        raise KeyError("text")

    monkeypatch.setattr(
        "wyoming_voice_stack.protocol.connection.connection.Connection._check_program", broken
    )
    with pytest.raises(AssertionError, match="KeyError"):
        servers.serve("asr", b'{"type": "select-program", "data": {"name": "a"}}\n')
