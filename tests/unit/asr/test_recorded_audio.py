"""What the server keeps of the audio of utterances, and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.asr_client import OPTIONS, count_as_live, loaded_worker, serving
from tests.support.fakes import FakeRecognizer, eventually
from wyoming_voice_stack.asr import recorded_audio
from wyoming_voice_stack.asr import utterance as utterance_module
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.recorded_audio import (
    BLOCK_BYTES,
    BLOCK_SAMPLES,
    MAX_BUDGET_MB,
    MIN_BUDGET_MB,
    OWN_BLOCKS,
    AudioBudget,
    budget_bytes,
)
from wyoming_voice_stack.asr.recording import Recording
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance import Utterance
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.audio import PcmFormat, to_pcm16, to_pcm16_samples
from wyoming_voice_stack.errors import Busy

PCM = PcmFormat(SAMPLE_RATE, 2, 1)
LONG = replace(OPTIONS, partial_text=False, max_utterance_s=600)
GIGABYTE = 10**9
SLICE_SAMPLES = utterance_module.SLICE_MS * SAMPLE_RATE // 1000


def blocks(count: int) -> bytes:
    return bytes(BLOCK_BYTES * count)


def loud(seconds: float) -> bytes:
    return b"\x20" * (2 * round(seconds * SAMPLE_RATE))


def blocks_of(utterance: Utterance) -> int:
    return len(utterance._recording._blocks)


@contextmanager
def opened(service: AsrService) -> Iterator[Utterance]:
    utterance = service.open_utterance(UtteranceRequest())
    try:
        yield utterance
    finally:
        utterance.close()


class TestBudget:
    @pytest.mark.parametrize(
        ("memory", "megabytes"),
        [(0, MIN_BUDGET_MB), (GIGABYTE, MIN_BUDGET_MB), (4 * GIGABYTE, 250), (64 * GIGABYTE, 1024)],
    )
    def test_follows_from_the_memory(self, memory: int, megabytes: int) -> None:
        assert budget_bytes(memory) == megabytes * 10**6
        assert MAX_BUDGET_MB == 1024

    def test_each_recording_has_its_own_part(self) -> None:
        full = AudioBudget(0)
        for _ in range(3):
            recording = Recording(10**9, full)
            recording.append(PCM, blocks(OWN_BLOCKS))
            with pytest.raises(Busy, match=r"holds 0 MB of audio.*try again"):
                recording.append(PCM, b"\0\0")
        assert full.used_bytes == 0

    def test_the_rest_is_shared(self) -> None:
        budget = AudioBudget(3 * BLOCK_BYTES)
        one, other = Recording(10**9, budget), Recording(10**9, budget)
        one.append(PCM, blocks(OWN_BLOCKS + 2))
        other.append(PCM, blocks(OWN_BLOCKS + 1))
        assert budget.used_bytes == 3 * BLOCK_BYTES
        with pytest.raises(Busy):
            other.append(PCM, blocks(1))
        one.close()
        other.append(PCM, blocks(1))
        assert budget.used_bytes == 2 * BLOCK_BYTES
        other.close()
        other.close()
        assert budget.used_bytes == 0

    def test_dropped_audio_makes_room(self) -> None:
        budget = AudioBudget(BLOCK_BYTES)
        recording = Recording(10**9, budget)
        recording.append(PCM, blocks(OWN_BLOCKS + 1))
        recording.drop_before(BLOCK_SAMPLES - 1)
        assert budget.used_bytes == BLOCK_BYTES
        recording.drop_before(BLOCK_SAMPLES)
        assert budget.used_bytes == 0


class TestDropping:
    def test_numbers_of_samples_stay(self) -> None:
        sound = np.random.default_rng(0).uniform(-1, 1, 5 * BLOCK_SAMPLES).astype(np.float32)
        recording = Recording(10**9)
        recording.append(PCM, to_pcm16(sound))
        before = recording.excerpt(3 * BLOCK_SAMPLES - 7, 4 * BLOCK_SAMPLES + 9).samples()
        recording.drop_before(3 * BLOCK_SAMPLES - 7)
        recording.append(PCM, to_pcm16(sound))
        after = recording.excerpt(3 * BLOCK_SAMPLES - 7, 4 * BLOCK_SAMPLES + 9).samples()
        np.testing.assert_array_equal(before, after)
        np.testing.assert_array_equal(
            after, to_pcm16_samples(sound[3 * BLOCK_SAMPLES - 7 : 4 * BLOCK_SAMPLES + 9]) / 2**15
        )
        assert recording.samples == 10 * BLOCK_SAMPLES
        assert len(recording._blocks) == 8

    def test_what_is_still_being_filled_stays(self) -> None:
        recording = Recording(10**9)
        recording.append(PCM, to_pcm16(np.full(BLOCK_SAMPLES // 2, 0.5, np.float32)))
        recording.drop_before(2 * BLOCK_SAMPLES)
        kept = recording.excerpt(0, BLOCK_SAMPLES).samples()
        np.testing.assert_array_equal(kept, np.full(BLOCK_SAMPLES // 2, 0.5))

    def test_samples_are_rounded_and_clipped(self) -> None:
        samples = np.array([0.0, 1.5, -1.5, np.nan, 1.6 / 2**15], np.float32)
        assert to_pcm16_samples(samples).tolist() == [0, 32767, -32768, 0, 2]


class TestUtterance:
    @pytest.fixture
    def engine(self) -> FakeRecognizer:
        return FakeRecognizer()

    async def test_silence_is_not_kept(self, engine: FakeRecognizer) -> None:
        async with serving(engine, LONG) as service:
            await loaded_worker(service)
            with opened(service) as utterance:
                for _ in range(30):
                    await utterance.push(PCM, blocks(1))
                assert utterance._recording.seconds == 60
                assert blocks_of(utterance) <= 2
                await utterance.push(PCM, loud(1.0))
                assert (await utterance.finish()).text == "16000 samples"

    async def test_speech_is_kept_until_its_text_is_there(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        count_as_live(monkeypatch)
        request = UtteranceRequest(language="en")
        async with serving(engine, LONG) as service:
            await loaded_worker(service)
            utterance = service.open_utterance(request)
            await utterance.push(PCM, loud(28.0) + blocks(1) + loud(10.0))
            await eventually(lambda: len(engine.requests) > 0)
            worker = utterance._worker
            await eventually(lambda: worker._queue.idle)
            await utterance.push(PCM, loud(0.1))
            assert blocks_of(utterance) < 10
            assert (await utterance.finish()).text.count("samples") == 2
            utterance.close()
            assert blocks_of(utterance) == 0

    async def test_all_is_kept_until_the_model_is_loaded(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with serving(engine, LONG) as service:
            await loaded_worker(service)
            with opened(service) as utterance:
                monkeypatch.setattr(Utterance, "_try_new_segmenter", lambda _: None)
                await utterance.push(PCM, blocks(3))
                assert blocks_of(utterance) == 3
                monkeypatch.undo()
                await utterance.push(PCM, blocks(1))
                assert blocks_of(utterance) == 1

    async def test_too_much_for_the_server(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recorded_audio, "OWN_BLOCKS", 1)
        async with serving(engine, LONG) as service:
            await loaded_worker(service)
            service._audio_budget = AudioBudget(2 * BLOCK_BYTES)
            with opened(service) as first, opened(service) as second:
                await first.push(PCM, loud(6.0))
                await second.push(PCM, loud(2.0))
                with pytest.raises(Busy):
                    await second.push(PCM, loud(1.0))
            assert service._audio_budget.used_bytes == 0


class TestTurns:
    """What recordings leave of each turn of the event loop."""

    @pytest.fixture
    def steps(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How much audio was searched for speech in each turn, noted by the test's own task."""
        steps = [0]
        push = SpeechSegmenter.push

        def noted(segmenter: SpeechSegmenter, samples: Samples) -> None:
            steps[-1] += len(samples)
            push(segmenter, samples)

        monkeypatch.setattr(SpeechSegmenter, "push", noted)
        return steps

    async def turns_during(self, work: Coroutine[Any, Any, Any], steps: list[int]) -> None:
        task = asyncio.create_task(work)
        while not task.done():
            steps.append(0)
            await asyncio.sleep(0)
        await task

    async def test_large_chunks_are_worked_on_in_slices(self, steps: list[int]) -> None:
        async with serving(FakeRecognizer(), LONG) as service:
            await loaded_worker(service)
            with opened(service) as one, opened(service) as other:
                both = asyncio.gather(one.push(PCM, blocks(16)), other.push(PCM, blocks(16)))
                await self.turns_during(_awaited(both), steps)
        assert max(steps) == SLICE_SAMPLES
        assert sum(steps) == 2 * 16 * BLOCK_SAMPLES

    async def test_small_chunks_of_many_recordings_take_turns(self, steps: list[int]) -> None:
        async def send(utterance: Utterance) -> None:
            for _ in range(20):
                await utterance.push(PCM, loud(0.1))

        async with serving(FakeRecognizer(), LONG) as service:
            await loaded_worker(service)
            with opened(service) as one, opened(service) as other:
                # Both are ahead of real time from the start.
                one._began_at = other._began_at = time.monotonic() + 1000
                await self.turns_during(_awaited(asyncio.gather(send(one), send(other))), steps)
        assert max(steps) == 1600
        assert sum(steps) == 2 * 20 * 1600

    async def test_live_audio_does_not_wait(self, steps: list[int]) -> None:
        async with serving(FakeRecognizer(), LONG) as service:
            await loaded_worker(service)
            with opened(service) as utterance:
                utterance._began_at = time.monotonic() - 1000
                push = utterance.push(PCM, loud(0.25))
                with pytest.raises(StopIteration):
                    push.send(None)
        assert steps == [SLICE_SAMPLES]


async def _awaited(future: Awaitable[Any]) -> None:
    await future
