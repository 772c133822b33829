"""The buffer of uploads: what it holds, that it does not copy, and that it returns its memory."""

from __future__ import annotations

import mmap
import tracemalloc
import weakref

import pytest

from wyoming_voice_stack.machine.growing_buffer import OWN_PAGES_BYTES, GrowingBuffer

PIECE = bytes(range(256)) * 32


def filled(size: int) -> tuple[GrowingBuffer, bytes]:
    buffer, expected = GrowingBuffer(), (PIECE * (size // len(PIECE) + 1))[:size]
    for start in range(0, size, len(PIECE)):
        buffer.append(expected[start : start + len(PIECE)])
    return buffer, expected


@pytest.mark.parametrize(
    "size", [0, 1, OWN_PAGES_BYTES, OWN_PAGES_BYTES + 1, 3 * OWN_PAGES_BYTES, 1_000_001]
)
def test_what_was_added(size: int) -> None:
    buffer, expected = filled(size)
    assert len(buffer) == size
    content = buffer.content()
    assert len(content) == size
    assert bytes(content) == expected
    assert bytes(memoryview(content)) == expected
    buffer.close()
    assert len(buffer) == 0


def test_a_piece_larger_than_all_before() -> None:
    buffer = GrowingBuffer()
    buffer.append(b"a")
    buffer.append(PIECE * 100)
    assert bytes(buffer.content()) == b"a" + PIECE * 100


def test_a_large_one_takes_nothing_from_the_heap() -> None:
    """So it is never copied there when it grows, and leaves no gap when it is freed."""
    tracemalloc.start()
    try:
        buffer, _ = GrowingBuffer(), None
        for _ in range(1000):
            buffer.append(PIECE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(buffer) == 1000 * len(PIECE)
    assert peak < 2 * OWN_PAGES_BYTES


def test_its_pages_are_freed_at_once() -> None:
    buffer, _ = filled(1_000_000)
    content = buffer.content()
    assert isinstance(content, mmap.mmap)
    buffer.close()
    assert content.closed
    buffer.close()


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_closing_does_not_disturb_a_thread_that_still_reads(size: int) -> None:
    buffer, expected = filled(size)
    view = memoryview(buffer.content())
    buffer.close()
    assert bytes(view) == expected


def test_what_a_thread_still_reads_is_freed_at_its_end() -> None:
    """The buffer itself lives on: a refused request's error holds it."""
    buffer, _ = filled(1_000_000)
    content = buffer.content()
    view, freed = memoryview(content), weakref.ref(content)
    buffer.close()
    del content, view
    assert freed() is None


def test_it_grows_in_few_steps() -> None:
    buffer = GrowingBuffer()
    sizes: set[int] = set()
    for _ in range(1000):
        buffer.append(PIECE)
        sizes.add(len(buffer._pages or b""))
    assert len(sizes) < 10
