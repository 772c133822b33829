"""The order of steps, with a decoder that takes a step only when a test allows it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.xtts.audio_queue import MAX_UNREAD_SECONDS
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import (
    FIRST_CHUNK_TOKENS,
    DecodingRequest,
    DecodingStream,
)
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning

ROWS = 3
RATE = 1000
STOP = 99
MOST = 200
WAIT_SECONDS = 120.0


class Decoder:
    """Records steps by the voices of their rows."""

    def __init__(self) -> None:
        self.allowed = threading.Semaphore(0)
        self.stepped: list[list[str]] = []
        self.voices: dict[int, str] = {}
        self.freed: list[str] = []
        self.broken = False
        self.cache = SimpleNamespace(free=self._free)

    def begin(self, voice: str, text_tokens: Sequence[int]) -> tuple[int, Any]:
        import torch

        if voice == "bad":
            raise ValueError(voice)
        row = next(row for row in range(ROWS) if row not in self.voices)
        self.voices[row] = voice
        return row, torch.zeros(1, 2)

    def step(self, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]) -> Any:
        import torch

        assert list(rows) == sorted(set(rows))
        assert self.allowed.acquire(timeout=WAIT_SECONDS)
        if self.broken:
            raise ValueError(rows)
        self.stepped.append([self.voices[row] for row in rows])
        return torch.zeros(len(rows), 2)

    def logits(self, latents: Any) -> Any:
        return latents

    def _free(self, row: int) -> None:
        self.freed.append(self.voices.pop(row))


class Sampler:
    """Draws the number of the row as its token, or the stop token."""

    def __init__(self) -> None:
        self.ending = False

    def begin(self, row: int) -> None:
        pass

    def draw(self, rows: Sequence[int], logits: Any) -> list[int]:
        assert len(rows) == len(logits)
        return [STOP if self.ending else row for row in rows]


class VocoderStream:
    """Returns three seconds of audio at each call."""

    has_more = False
    # So little that the first chunk waits for no more tokens, however long a step takes.
    window_s = -1.0

    def __init__(self) -> None:
        self.decoded_tokens = 0.0
        self._tokens = 0

    def add(self, latent: Any) -> None:
        del latent
        self._tokens += 1

    def pull(self, *, last: bool) -> Any:
        import torch

        del last
        self.decoded_tokens = self._tokens
        return torch.ones(3 * RATE)


class Vocoder:
    def start_stream(self, speaker: str, speed: float) -> VocoderStream:
        del speaker, speed
        return VocoderStream()


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


@pytest.fixture
def sampler() -> Sampler:
    return Sampler()


@pytest.fixture
def scheduler(decoder: Decoder, sampler: Sampler) -> Iterator[Any]:
    from wyoming_voice_stack.tts.engines.xtts.batch_scheduler import BatchOptions, BatchScheduler
    from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget

    made = BatchScheduler(
        decoder,  # type: ignore[arg-type]
        sampler,  # type: ignore[arg-type]
        Vocoder(),  # type: ignore[arg-type]
        BatchOptions(ROWS, STOP, MOST, RATE, separate_vocoder=False),
        ThreadBudget(1),
    )
    yield made
    decoder.allowed.release(1000)
    made.close()


def request(voice: str, buffered_s: float = -math.inf) -> DecodingRequest:
    playback: Any = SimpleNamespace(buffered_s=buffered_s)
    return DecodingRequest((1, 2, 3), SpeakerConditioning(voice, voice), 1.0, playback)


def until(scheduler: Any, condition: Callable[[], object]) -> None:
    with scheduler._changed:
        assert scheduler._changed.wait_for(condition, WAIT_SECONDS)


def begun(scheduler: Any, stream: DecodingStream) -> DecodingStream:
    """Wait until the stream has started, and return it."""
    poll(lambda: stream.token_count == 1)
    return stream


def submit_old_and_new(scheduler: Any, decoder: Decoder, *, buffered_s: float, steps: int) -> None:
    """Start "old" with audio buffered, and "new" once `steps` steps were taken."""
    begun(scheduler, scheduler.submit(request("old", buffered_s=buffered_s)))
    new = scheduler.submit(request("new"))
    decoder.allowed.release(steps)
    begun(scheduler, new)


def poll(condition: Callable[[], object]) -> None:
    """Wait for other threads; nothing notifies the test of their steps."""
    waiting = threading.Event()
    for _ in range(int(WAIT_SECONDS / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError


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
