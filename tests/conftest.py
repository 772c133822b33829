"""Every test: warnings are errors, and nothing may be left running."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from wyoming_voice_stack.server.app import prepare_process

# What a server does first of all, before any library reads the environment.
prepare_process("tts")

LIBRARY_THREADS = ("tqdm", "pymp", "asyncio_", "ThreadPoolExecutor")
"""Threads that a library keeps for the life of the process."""
THREAD_END_SECONDS = 60.0
"""Time for a thread that is ending; only one that was forgotten reaches it."""

# Each example may take as long as the machine needs.
settings.register_profile(
    "tests", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def pytest_collection_finish() -> None:
    # What has been imported stays: `no_lost_exceptions` need not look through it after every test.
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in set(threading.enumerate()) - before
        if not thread.name.startswith(LIBRARY_THREADS)
    ]
    for thread in left:
        thread.join(THREAD_END_SECONDS)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True)
def no_lost_exceptions(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    gc.collect()
    lost = [
        record
        for when in ("setup", "call", "teardown")
        for record in caplog.get_records(when)
        if record.name == "asyncio" and record.levelno >= logging.ERROR
    ]
    assert not lost, [record.getMessage() for record in lost]


@pytest.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    yield
    # A cancelled task needs one turn of the loop to end.
    for _ in range(3):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left
