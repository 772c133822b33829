from __future__ import annotations

import threading

import pytest

from tests.support.thread_end import wait_for_end


class StartedWhenJoined(threading.Thread):
    """A thread whose start is complete only after the first attempt to join it."""

    def join(self, timeout: float | None = None) -> None:
        try:
            super().join(timeout)
        except RuntimeError:
            self.start()
            raise


def test_a_thread_that_is_just_starting() -> None:
    thread = StartedWhenJoined()
    wait_for_end(thread, 60.0)
    assert thread.ident is not None
    assert not thread.is_alive()


def test_a_thread_that_never_starts() -> None:
    with pytest.raises(RuntimeError, match="before it is started"):
        wait_for_end(threading.Thread(), 0.0)


def test_a_thread_that_does_not_end() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    wait_for_end(thread, 0.0)
    assert thread.is_alive()
    end.set()
    thread.join()
