"""The vocoder's thread: the order of streams, and how they end."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.xtts.audio_queue import MAX_UNREAD_SECONDS, AudioQueue
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import (
    FIRST_CHUNK_TOKENS,
    DecodingRequest,
    DecodingStream,
)
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning

RATE = 1000
WAIT_SECONDS = 120.0


class FakeVocoderStream:
    """Returns half a second for each window, once the test allows it."""

    def __init__(self, name: str, log: list[str], allowed: threading.Semaphore) -> None:
        self.name = name
        self.log = log
        self.allowed = allowed
        self.windows_left_out = 0
        self.broken = False
        self.empty = False
        self.pulled_tokens: list[int] = []
        self.tokens = 0
        self.decoded_tokens = 0.0
        # So little that the first chunk waits for no more tokens, however long the test takes.
        self.window_s = -1.0

    @property
    def has_more(self) -> bool:
        return self.windows_left_out > 0

    def add(self, _latent: Any) -> None:
        self.tokens += 1

    def pull(self, *, last: bool) -> Any:
        import torch

        assert self.allowed.acquire(timeout=WAIT_SECONDS)
        if self.broken:
            raise ValueError(self.name)
        self.log.append(self.name + ("." if last else ""))
        self.pulled_tokens.append(self.tokens)
        self.decoded_tokens = self.tokens
        self.windows_left_out = max(0, self.windows_left_out - 1)
        if self.empty:
            return None
        return torch.ones(RATE // 2)


class Studio:
    """A thread and streams whose windows are decoded as the test allows."""

    def __init__(self) -> None:
        from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget
        from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder_thread import VocoderThread

        self.changed = threading.Condition()
        self.allowed = threading.Semaphore(0)
        self.log: list[str] = []
        self.thread = VocoderThread(self.changed, ThreadBudget(2))

    def stream(
        self, name: str, *, buffered_s: float = -math.inf, tokens: int = 0
    ) -> DecodingStream:
        playback: Any = SimpleNamespace(buffered_s=buffered_s)
        request = DecodingRequest((1,), SpeakerConditioning(name, name), 1.0, playback)
        stream = DecodingStream(request, AudioQueue(self.changed, RATE))
        stream.vocoder_stream = FakeVocoderStream(name, self.log, self.allowed)
        self.add(stream, tokens)
        return stream

    def add(self, stream: DecodingStream, tokens: int) -> None:
        with self.changed:
            for _ in range(tokens):
                stream.add(7, None)
            self.changed.notify_all()

    def hand_over(self, *streams: DecodingStream) -> None:
        """Add all streams before the thread examines any."""
        with self.changed:
            for stream in streams:
                self.thread.add(stream)

    def finish(self, stream: DecodingStream) -> None:
        with self.changed:
            stream.finished = True
            self.changed.notify_all()

    def until(self, condition: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_SECONDS)


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio()
    yield made
    made.allowed.release(1000)
    made.thread.close()
    assert not made.thread._thread.is_alive()


def test_the_stream_with_the_least_buffered_audio_is_next(studio: Studio) -> None:
    names = {"rich": 0.9, "poor": -3.0, "fair": 0.2}
    streams = [
        studio.stream(name, buffered_s=buffered_s, tokens=FIRST_CHUNK_TOKENS)
        for name, buffered_s in names.items()
    ]
    studio.hand_over(*streams)
    studio.allowed.release(3)
    studio.until(lambda: len(studio.log) == 3 and streams[0].audio.unread_s)
    assert studio.log == ["poor", "fair", "rich"]


def test_nothing_is_decoded_before_it_is_due(studio: Studio) -> None:
    stream = studio.stream("a", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS - 1)
    other = studio.stream("b", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS)
    studio.hand_over(stream, other)
    studio.allowed.release(10)
    studio.until(lambda: other.audio.unread_s)
    studio.add(stream, 1)
    studio.until(lambda: stream.audio.unread_s)
    assert studio.log == ["b", "a"]


def test_a_window_has_all_latents_that_arrived_while_it_waited(studio: Studio) -> None:
    stream = studio.stream("a", buffered_s=-1.0, tokens=FIRST_CHUNK_TOKENS)
    other = studio.stream("b", buffered_s=-5.0, tokens=FIRST_CHUNK_TOKENS)
    studio.hand_over(stream, other)
    studio.add(stream, 30)
    studio.allowed.release(2)
    studio.until(lambda: stream.audio.unread_s)
    assert stream.vocoder_stream.pulled_tokens == [FIRST_CHUNK_TOKENS + 30]


def test_too_few_latents_are_examined_once(studio: Studio) -> None:
    stream = studio.stream("a", buffered_s=-9.0, tokens=FIRST_CHUNK_TOKENS)
    other = studio.stream("b", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS)
    stream.vocoder_stream.empty = True
    studio.hand_over(stream, other)
    studio.allowed.release(100)
    studio.until(lambda: other.audio.unread_s)
    assert studio.log == ["a", "b"]
    stream.vocoder_stream.empty = False
    studio.add(stream, 1)
    studio.until(lambda: stream.audio.unread_s)
    assert studio.log == ["a", "b", "a"]


def test_what_a_window_left_out_follows_immediately(studio: Studio) -> None:
    stream = studio.stream("a", buffered_s=-1.0, tokens=FIRST_CHUNK_TOKENS)
    stream.vocoder_stream.windows_left_out = 3
    studio.thread.add(stream)
    studio.allowed.release(10)
    studio.until(lambda: stream.audio.unread_s == 1.5)
    assert len(studio.log) == 3


def test_a_stream_ends_after_all_its_audio(studio: Studio) -> None:
    stream = studio.stream("a", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS)
    stream.vocoder_stream.windows_left_out = 2
    studio.thread.add(stream)
    studio.finish(stream)
    studio.allowed.release(10)
    # The first window may have been decoded before the stream was finished.
    assert [len(piece) for piece in stream.audio.take_all()] == [RATE // 2] * len(studio.log)
    assert studio.log[-1] == "a."
    assert stream.complete


def test_decoding_pauses_while_the_audio_queue_is_full(studio: Studio) -> None:
    stream = studio.stream("a", tokens=FIRST_CHUNK_TOKENS)
    stream.vocoder_stream.windows_left_out = 1000
    studio.thread.add(stream)
    studio.allowed.release(1000)
    studio.until(lambda: stream.audio.full and not studio.thread._due())
    assert MAX_UNREAD_SECONDS <= stream.audio.unread_s < MAX_UNREAD_SECONDS + 0.5
    made = len(studio.log)
    sound = stream.audio.take_all()
    next(sound)
    studio.until(lambda: len(studio.log) > made)
    sound.close()


def test_nothing_is_decoded_for_closed_streams(studio: Studio) -> None:
    leaver = studio.stream("leaver", buffered_s=-9.0, tokens=FIRST_CHUNK_TOKENS)
    other = studio.stream("other", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS)
    leaver.vocoder_stream.windows_left_out = 1000
    studio.hand_over(leaver, other)
    studio.allowed.release(1)
    studio.until(lambda: leaver.audio.unread_s)
    leaver.audio.close()
    studio.allowed.release(10)
    studio.until(lambda: other.audio.unread_s)
    # One window may have been in progress.
    assert studio.log.count("leaver") <= 2
    studio.until(lambda: studio.thread._streams == [other])


def test_a_failed_stream_does_not_affect_others(studio: Studio) -> None:
    bad = studio.stream("bad", buffered_s=-9.0, tokens=FIRST_CHUNK_TOKENS)
    good = studio.stream("good", buffered_s=0.5, tokens=FIRST_CHUNK_TOKENS)
    bad.vocoder_stream.broken = True
    studio.hand_over(bad, good)
    studio.finish(good)
    studio.allowed.release(10)
    with pytest.raises(EngineError, match="ValueError"):
        list(bad.audio.take_all())
    # So the decoder's thread drops it.
    assert bad.audio.closed
    assert list(good.audio.take_all())


def test_closing_ends_unfinished_streams(studio: Studio) -> None:
    stream = studio.stream("a", tokens=1)
    studio.thread.add(stream)
    studio.thread.close()
    with pytest.raises(EngineError, match="unloaded"):
        list(stream.audio.take_all())
    with pytest.raises(EngineError, match="unloaded"):
        studio.thread.add(stream)


class TestCores:
    def test_two_computations_get_half_each(self) -> None:
        import torch

        from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget, use_threads

        before = torch.get_num_threads()
        thread_budget = ThreadBudget(4)
        counts: dict[str, int] = {}
        working, done = threading.Event(), threading.Event()

        def compute() -> None:
            with thread_budget.share():
                counts["second"] = torch.get_num_threads()
                working.set()
                assert done.wait(WAIT_SECONDS)

        other = threading.Thread(target=compute)
        with thread_budget.share():
            counts["first"] = torch.get_num_threads()
            other.start()
            assert working.wait(WAIT_SECONDS)
            counts["first later"] = torch.get_num_threads()
        with thread_budget.share():
            counts["third"] = torch.get_num_threads()
        done.set()
        other.join()
        with thread_budget.share():
            counts["alone again"] = torch.get_num_threads()
        assert counts == {"first": 4, "second": 2, "first later": 4, "third": 2, "alone again": 4}
        use_threads(before)

    def test_a_new_thread_starts_with_all(self) -> None:
        import torch

        from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget

        before = torch.get_num_threads()
        thread_budget = ThreadBudget(before)
        with thread_budget.share(), thread_budget.share():
            pass
        found: list[int] = []
        fresh = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        fresh.start()
        fresh.join()
        assert found == [before]
