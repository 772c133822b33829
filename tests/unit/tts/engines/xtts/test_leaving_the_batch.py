"""Streams that pause, are stopped or fail, with a decoder that takes a step only when a test allows it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.stepped_batch import (
    RATE,
    WAIT_SECONDS,
    Decoder,
    Sampler,
    begun,
    poll,
    request,
    until,
)
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.xtts.audio_queue import (
    MAX_UNREAD_SECONDS,
    AudioQueue,
    SentenceControl,
)
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import FIRST_CHUNK_TOKENS


class TestPausing:
    def test_a_paused_stream_keeps_its_row_and_continues_later(
        self, scheduler: Any, decoder: Decoder
    ) -> None:
        paused = begun(scheduler, scheduler.submit(request("paused")))
        control = SentenceControl()
        control.set_paused(True)
        control.follow(paused.audio)
        decoder.allowed.release(1)
        until(scheduler, lambda: len(decoder.stepped) == 1 and not scheduler._runnable())
        begun(scheduler, scheduler.submit(request("other")))
        decoder.allowed.release(20)
        poll(lambda: len(decoder.stepped) == 21)
        assert decoder.stepped[1:] == [["other"]] * 20
        control.set_paused(False)
        decoder.allowed.release(20)
        poll(lambda: len(decoder.stepped) == 41)
        assert decoder.stepped[-1] == ["paused", "other"]
        assert decoder.freed == []

    def test_paused_streams_leave_rows_to_others(
        self, scheduler: Any, decoder: Decoder, sampler: Sampler
    ) -> None:
        streams = [scheduler.submit(request(name)) for name in "abc"]
        for stream in streams:
            begun(scheduler, stream)
            stream.audio.set_paused(True)
        new = scheduler.submit(request("new"))
        decoder.allowed.release(1000)
        # Of three rows, one stays with a paused stream.
        poll(lambda: new.token_count)
        assert sorted(decoder.freed)[:2] == ["b", "c"]
        assert streams[1].truncated
        assert streams[1].audio.unread_s > MAX_UNREAD_SECONDS
        assert not streams[0].finished


class TestLeaving:
    def test_closed_streams_are_dropped(self, scheduler: Any, decoder: Decoder) -> None:
        leaver, other = scheduler.submit(request("leaver")), scheduler.submit(request("other"))
        sound = leaver.audio.take_all()
        decoder.allowed.release(FIRST_CHUNK_TOKENS)
        next(sound)
        sound.close()
        decoder.allowed.release(20)
        poll(lambda: len(decoder.stepped) == FIRST_CHUNK_TOKENS + 20)
        assert decoder.freed == ["leaver"]
        assert decoder.stepped[-10:] == [["other"]] * 10
        assert other.token_count > 20

    def test_a_stream_stopped_between_two_chunks_leaves_after_the_current_step(
        self, scheduler: Any, decoder: Decoder
    ) -> None:
        leaver = begun(scheduler, scheduler.submit(request("leaver")))
        other = scheduler.submit(request("other"))
        control = SentenceControl()
        control.follow(leaver.audio)
        decoder.allowed.release(3)
        poll(lambda: len(decoder.stepped) == 3)
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(list, leaver.audio.take_all())
            control.stop()
            decoder.allowed.release(20)
            assert taken.result(WAIT_SECONDS) == []
        poll(lambda: len(decoder.stepped) == 23)
        assert ["leaver" in step for step in decoder.stepped].count(True) <= 4
        assert decoder.freed == ["leaver"]
        assert other.token_count > 20

    def test_a_closed_queue_ends_for_the_thread_that_waits(self) -> None:
        queue = AudioQueue(threading.Condition(), RATE)
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(list, queue.take_all())
            queue.close()
            try:
                assert taken.result(WAIT_SECONDS) == []
            finally:
                queue.end()

    def test_a_sentence_stopped_between_its_parts_begins_no_more(
        self, scheduler: Any, decoder: Decoder
    ) -> None:
        control = SentenceControl()
        control.stop()
        part = scheduler.submit(request("part"))
        control.follow(part.audio)
        decoder.allowed.release(20)
        assert list(part.audio.take_all()) == []
        poll(lambda: not scheduler._streams)
        assert part.token_count <= 2

    def test_a_failed_start_does_not_affect_others(
        self, scheduler: Any, decoder: Decoder, sampler: Sampler
    ) -> None:
        good, bad = scheduler.submit(request("good")), scheduler.submit(request("bad"))
        with pytest.raises(EngineError, match="ValueError"):
            next(bad.audio.take_all())
        sampler.ending = True
        decoder.allowed.release(2)
        assert len(list(good.audio.take_all())) == 1

    def test_a_failed_step_ends_only_the_streams_in_it(
        self, scheduler: Any, decoder: Decoder, sampler: Sampler
    ) -> None:
        streams = [begun(scheduler, scheduler.submit(request("a")))]
        streams.append(scheduler.submit(request("b")))
        decoder.allowed.release(2)
        poll(lambda: len(decoder.stepped) == 2)
        decoder.broken = True
        decoder.allowed.release(1)
        for stream in streams:
            with pytest.raises(EngineError, match="Try again"):
                list(stream.audio.take_all())
        assert sorted(decoder.freed) == ["a", "b"]
        decoder.broken = False
        sampler.ending = True
        assert len(list(scheduler.submit(request("c")).audio.take_all())) == 1

    def test_closing_ends_streams_and_the_thread(self, scheduler: Any, decoder: Decoder) -> None:
        stream = begun(scheduler, scheduler.submit(request("a")))
        decoder.allowed.release(1000)
        scheduler.close()
        assert not scheduler._thread.is_alive()
        with pytest.raises(EngineError, match="unloaded"):
            list(stream.audio.take_all())
        with pytest.raises(EngineError, match="unloaded"):
            scheduler.submit(request("b"))
        assert decoder.freed == ["a"]
