"""Every test: warnings are errors, and nothing may be left running."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain
from logging.handlers import BufferingHandler

import pytest
from hypothesis import HealthCheck, settings

from tests.support.thread_end import wait_for_end
from wyoming_voice_stack.server.app import prepare_process

# What a server does first of all, before any library reads the environment.
prepare_process("tts")

LIBRARY_THREADS = ("tqdm", "pymp", "asyncio_", "ThreadPoolExecutor")
"""Threads that a library keeps for the life of the process."""
THREAD_END_SECONDS = 60.0
"""Time for a thread that is ending; only one that was forgotten reaches it."""
MAX_SURVIVORS = 10_000
"""Objects that outlive their test, such as imported modules, before `gc` leaves them out."""

# Each example may take as long as the machine needs.
settings.register_profile(
    "tests", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def pytest_collection_finish() -> None:
    leave_out_survivors()


def pytest_runtest_logfinish() -> None:
    if len(gc.get_objects()) > MAX_SURVIVORS:
        leave_out_survivors()


def leave_out_survivors() -> None:
    """Hides what is alive from `gc` until the end of the session.

    Otherwise each collection in `no_lost_exceptions` would look through everything that earlier
    tests have imported, which takes longer than most tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def no_exceptions_lost_late() -> Iterator[None]:
    """Finds exceptions that were lost after their test, by objects that had been left out."""
    yield
    asyncio_log = logging.getLogger("asyncio")
    kept = BufferingHandler(capacity=1000)
    asyncio_log.addHandler(kept)
    gc.unfreeze()
    gc.collect()
    asyncio_log.removeHandler(kept)
    assert not lost_exceptions(kept.buffer)


def lost_exceptions(records: Iterable[logging.LogRecord]) -> list[str]:
    """Messages of asyncio about exceptions that were never retrieved."""
    return [
        record.getMessage()
        for record in records
        if record.name == "asyncio" and record.levelno >= logging.ERROR
    ]


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
        wait_for_end(thread, THREAD_END_SECONDS)
    assert not [thread for thread in left if thread.is_alive()]


@pytest.fixture(autouse=True)
def no_lost_exceptions(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    gc.collect()
    records = (caplog.get_records(when) for when in ("setup", "call", "teardown"))
    assert not lost_exceptions(chain.from_iterable(records))


@pytest.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    yield
    # A cancelled task needs one turn of the loop to end.
    for _ in range(3):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left
