"""The lifecycle of an engine without threads: who may unload it, and when."""

from __future__ import annotations

import pytest

from tests.support.jobs import Loads, Thing
from wyoming_voice_stack.engine.failure_policy import MAX_FAILURES_IN_A_ROW, FailurePolicy
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import EngineLoader
from wyoming_voice_stack.errors import EmptyText, EngineError, NoAudio, VoiceStackError
from wyoming_voice_stack.metrics import Metrics


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def lifecycle(loads: Loads) -> EngineLifecycle[Thing]:
    return EngineLifecycle(EngineLoader("thing", loads, Metrics()), FailurePolicy("thing"))


def test_it_is_not_unloaded_while_in_use(lifecycle: EngineLifecycle[Thing], loads: Loads) -> None:
    assert not lifecycle.unload_unless_used(), "nothing is loaded yet"
    with lifecycle.using() as engine:
        assert not lifecycle.unload_unless_used()
        assert lifecycle.engine is engine
    assert not loads.engines[0].closed
    assert lifecycle.unload_unless_used()
    assert loads.engines[0].closed
    assert lifecycle.state == "unloaded"
    with lifecycle.using() as engine:
        assert engine is loads.engines[1]
    assert lifecycle.state == "ready"


def test_a_failing_engine_is_closed_when_its_last_user_ends(
    lifecycle: EngineLifecycle[Thing], loads: Loads
) -> None:
    with lifecycle.using(), lifecycle.using():
        for _ in range(MAX_FAILURES_IN_A_ROW):
            lifecycle.note_failure(EngineError("the device is lost"))
        assert lifecycle.until_retry_s == 0.0
        assert str(lifecycle.error) == "the device is lost"
        assert not loads.engines[0].closed
    assert loads.engines[0].closed
    assert lifecycle.engine is None


@pytest.mark.parametrize("error", [EmptyText("no text"), NoAudio("no audio")])
def test_failures_of_requests_do_not_count(
    lifecycle: EngineLifecycle[Thing], error: VoiceStackError
) -> None:
    with lifecycle.using():
        for _ in range(2 * MAX_FAILURES_IN_A_ROW):
            lifecycle.note_failure(error)
    assert lifecycle.state == "ready"


def test_device_stays_known_while_the_engine_is_unloaded(lifecycle: EngineLifecycle[Thing]) -> None:
    assert lifecycle.device == ""
    with lifecycle.using():
        assert lifecycle.device == Thing.device
    assert lifecycle.unload_unless_used()
    assert lifecycle.device == Thing.device
