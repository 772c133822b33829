"""A pool asks for the memory of its threads before it starts one."""

from __future__ import annotations

import threading

import pytest

from wyoming_voice_stack.machine import checked_executor
from wyoming_voice_stack.machine.checked_executor import CheckedExecutor, start_thread


def test_with_memory() -> None:
    with CheckedExecutor(1) as pool:
        assert pool.submit(divmod, 7, 2).result() == (3, 1)


def test_without_memory_no_thread_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_executor, "THREAD_BYTES", 1 << 62)
    started: list[int] = []
    with CheckedExecutor(1) as pool, pytest.raises(MemoryError):
        pool.submit(started.append, 1)
    assert not started


def test_without_memory_a_thread_of_its_own_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_executor, "THREAD_BYTES", 1 << 62)
    thread = threading.Thread(target=print)
    with pytest.raises(MemoryError):
        start_thread(thread)
    assert thread.ident is None
