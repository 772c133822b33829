"""The order of steps, with a decoder that takes a step only when a test allows it."""

from __future__ import annotations

from typing import Any

from tests.support.stepped_batch import (
    MOST,
    RATE,
    Decoder,
    Sampler,
    poll,
    request,
    submit_old_and_new,
    until,
)
from wyoming_voice_stack.tts.engines.xtts.audio_queue import MAX_UNREAD_SECONDS
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import FIRST_CHUNK_TOKENS


class TestOrder:
    def test_streams_without_audio_go_before_those_with_a_reserve(
        self, scheduler: Any, decoder: Decoder
    ) -> None:
        submit_old_and_new(scheduler, decoder, buffered_s=5.0, steps=1)
        decoder.allowed.release(FIRST_CHUNK_TOKENS + 1)
        poll(lambda: len(decoder.stepped) == FIRST_CHUNK_TOKENS + 2)
        # A step for "old" was in progress; then the rest of the first chunk of "new"; then both.
        first_piece = [["new"]] * (FIRST_CHUNK_TOKENS - 1)
        assert decoder.stepped == [["old"], *first_piece, *[["old", "new"]] * 2]

    def test_streams_without_a_reserve_do_not_wait(self, scheduler: Any, decoder: Decoder) -> None:
        submit_old_and_new(scheduler, decoder, buffered_s=1.5, steps=2)
        decoder.allowed.release(4)
        poll(lambda: len(decoder.stepped) == 6)
        assert decoder.stepped == [*[["old"]] * 2, *[["old", "new"]] * 4]

    def test_streams_beyond_the_rows_wait(self, scheduler: Any, decoder: Decoder) -> None:
        streams = [scheduler.submit(request(name)) for name in "abcd"]
        decoder.allowed.release(4)
        poll(lambda: len(decoder.stepped) == 4)
        assert decoder.stepped[-1] == ["a", "b", "c"]
        assert streams[3].token_count == 0
        streams[1].audio.close()
        decoder.allowed.release(3)
        poll(lambda: decoder.stepped[-1] == ["a", "d", "c"])


class TestPieces:
    def test_grow_and_end_with_the_request(
        self, scheduler: Any, decoder: Decoder, sampler: Sampler
    ) -> None:
        stream = scheduler.submit(request("a"))
        sound = stream.audio.take_all()
        counts = []
        for tokens in (8, 24, 56, 96):
            decoder.allowed.release(
                tokens - stream.token_count if stream.token_count else tokens - 1
            )
            next(sound)
            counts.append(stream.token_count)
        assert counts == [8, 24, 56, 96]
        sampler.ending = True
        decoder.allowed.release(1)
        assert [len(piece) for piece in sound] == [3 * RATE]
        assert (stream.token_count, stream.truncated) == (97, False)
        assert decoder.freed == ["a"]

    def test_stay_small_while_little_is_buffered(self, scheduler: Any, decoder: Decoder) -> None:
        stream = scheduler.submit(request("a", buffered_s=-3.5))
        sound = stream.audio.take_all()
        for tokens in (8, 16, 24):
            decoder.allowed.release(tokens - max(stream.token_count, 1))
            next(sound)
            assert stream.token_count == tokens

    def test_decoding_pauses_while_the_queue_is_full(
        self, scheduler: Any, decoder: Decoder
    ) -> None:
        stream = scheduler.submit(request("a"))
        decoder.allowed.release(1000)
        until(scheduler, lambda: stream.token_count and not scheduler._runnable())
        made = stream.token_count
        assert MAX_UNREAD_SECONDS <= stream.audio.unread_s < MAX_UNREAD_SECONDS + 3.0
        assert made < MOST
        sound = stream.audio.take_all()
        next(sound)
        until(scheduler, lambda: not scheduler._runnable())
        assert stream.token_count > made
        sound.close()

    def test_a_sentence_without_an_end_is_truncated(self, scheduler: Any, decoder: Decoder) -> None:
        stream = scheduler.submit(request("a"))
        decoder.allowed.release(1000)
        assert sum(len(piece) for piece in stream.audio.take_all()) > 0
        assert (stream.token_count, stream.truncated) == (MOST, True)
