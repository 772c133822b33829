"""Utterances that the client or the server ends, with a fake engine behind a real worker."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from tests.support.asr_client import loaded_worker
from tests.support.fakes import eventually
from tests.support.hearing_client import QUERY, Counting, deltas, transcript
from tests.support.http_api import Api
from tests.support.realtime_client import (
    RATE,
    SERVER_VAD,
    TRANSCRIPTION,
    RealtimeClient,
    connected,
    kinds,
    pcm,
)
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.http.api.realtime import turn_detection


class TestClientCommits:
    async def test_one_utterance(self, manual: RealtimeClient, engine: Counting) -> None:
        await manual.append(pcm(1.0))
        await manual.append(pcm(0.5))
        await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        assert kinds(events) == [
            "input_audio_buffer.committed",
            f"{TRANSCRIPTION}.delta",
            f"{TRANSCRIPTION}.completed",
        ]
        assert transcript(events) == deltas(events) == "word0 word1 word2"
        committed, completed = events[0], events[-1]
        assert committed["previous_item_id"] is None
        assert committed["item_id"] == completed["item_id"]
        assert completed["content_index"] == 0
        assert completed["usage"] == {"type": "duration", "seconds": 1.5}
        assert completed["languages"] == [{"code": "en"}]
        assert engine.requests[-1].initial_prompt == "The lights."

    async def test_several_on_one_socket(self, manual: RealtimeClient) -> None:
        texts, ids = [], []
        for seconds in (0.5, 1.0, 1.5):
            await manual.append(pcm(seconds))
            await manual.commit()
            events = await manual.until(f"{TRANSCRIPTION}.completed")
            texts.append(transcript(events))
            ids.append((events[0]["previous_item_id"], events[0]["item_id"]))
        assert texts == ["word0", "word0 word1", "word0 word1 word2"]
        assert [before for before, _ in ids] == [None, ids[0][1], ids[1][1]]

    async def test_texts_come_in_the_order_of_the_commits(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        for seconds in (1.5, 0.5):
            await manual.append(pcm(seconds))
            await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        later = await manual.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2"
        assert transcript(later) == "word0"

    async def test_silence_has_an_empty_text(self, manual: RealtimeClient) -> None:
        await manual.append(pcm(1.0, loud=False))
        await manual.commit()
        events = await manual.until(f"{TRANSCRIPTION}.completed")
        assert kinds(events) == ["input_audio_buffer.committed", f"{TRANSCRIPTION}.completed"]
        assert transcript(events) == ""

    async def test_an_empty_commit_is_an_error_and_the_session_continues(
        self, manual: RealtimeClient
    ) -> None:
        await manual.send("input_audio_buffer.commit", event_id="mine")
        error = await manual.next()
        assert error["type"] == "error"
        assert error["error"]["code"] == "input_audio_buffer_commit_empty"
        assert error["error"]["event_id"] == "mine"
        assert set(error["error"]) == {"type", "code", "message", "param", "event_id"}
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(f"{TRANSCRIPTION}.completed")) == "word0"

    async def test_clear_drops_the_audio(self, manual: RealtimeClient) -> None:
        await manual.append(pcm(1.5))
        await manual.send("input_audio_buffer.clear")
        assert (await manual.next())["type"] == "input_audio_buffer.cleared"
        await manual.append(pcm(0.5))
        await manual.commit()
        assert transcript(await manual.until(f"{TRANSCRIPTION}.completed")) == "word0"

    async def test_samples_may_be_cut_anywhere(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        # The bytes of a sample differ: samples joined wrongly would be silent.
        audio = pcm(0.3, loud=False) + np.full(RATE, 0x2000, "<i2").tobytes()
        for begin in range(0, len(audio), 4801):
            await manual.append(audio[begin : begin + 4801])
        await manual.commit()
        await manual.until(f"{TRANSCRIPTION}.completed")
        heard = engine.audio[-1]
        assert np.count_nonzero(np.abs(heard - 0.25) < 0.01) > 15_500

    async def test_words_come_while_somebody_speaks(
        self, manual: RealtimeClient, service: AsrService
    ) -> None:
        worker = await loaded_worker(service)
        for _ in range(16):
            await manual.append(pcm(0.5))
            # Each piece is processed, and the partial text it caused is there, before the next one.
            await manual.configure(turn_detection=None)
            events = await manual.until("session.updated")
            if deltas(events):
                break
            await eventually(lambda: worker._queue.idle)
        else:
            pytest.fail("no words before the commit")
        await manual.commit()
        events += await manual.until(f"{TRANSCRIPTION}.completed")
        assert "maybe" not in deltas(events)
        assert deltas(events) == transcript(events)


class TestServerCommits:
    async def test_two_utterances(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection=SERVER_VAD)
            await client.next()
            await client.append(pcm(1.0, loud=False) + pcm(1.0) + pcm(1.5, loud=False))
            first = await client.until(f"{TRANSCRIPTION}.completed")
            await client.append(pcm(1.5) + pcm(1.0, loud=False))
            second = await client.until(f"{TRANSCRIPTION}.completed")
        assert kinds(first) == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            f"{TRANSCRIPTION}.delta",
            f"{TRANSCRIPTION}.completed",
        ]
        started, stopped, committed = first[:3]
        assert len({started["item_id"], stopped["item_id"], committed["item_id"]}) == 1
        assert started["audio_start_ms"] == pytest.approx(500, abs=100)
        assert stopped["audio_end_ms"] == pytest.approx(2500, abs=150)
        assert transcript(first) == "word0 word1"
        assert transcript(second) == "word0 word1 word2"
        assert second[0]["audio_start_ms"] == pytest.approx(3000, abs=100)
        assert second[2]["previous_item_id"] == committed["item_id"]

    async def test_one_append_with_two_utterances(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            speech = pcm(1.0) + pcm(0.8, loud=False)
            await client.append(speech + speech)
            first = await client.until(f"{TRANSCRIPTION}.completed")
            second = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(first) == transcript(second) == "word0 word1"

    async def test_a_longer_silence_can_be_asked_for(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection={**SERVER_VAD, "silence_duration_ms": 1000})
            await client.next()
            await client.append(pcm(1.0) + pcm(0.8, loud=False) + pcm(1.0) + pcm(1.2, loud=False))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2 word3"

    async def test_semantic_vad(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(turn_detection={"type": "semantic_vad", "eagerness": "high"})
            assert (await client.next())["type"] == "session.updated"
            await client.append(pcm(1.0) + pcm(0.4, loud=False))
            assert transcript(await client.until(f"{TRANSCRIPTION}.completed")) == "word0 word1"

    async def test_silence_is_not_collected(
        self, api: Api, engine: Counting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turn_detection, "MAX_SILENT_SECONDS", 2.0)
        async with connected(api, QUERY) as client:
            for _ in range(8):
                await client.append(pcm(1.0, loud=False))
            await client.append(pcm(1.0) + pcm(1.0, loud=False))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert events[0]["type"] == "input_audio_buffer.speech_started"
        assert events[0]["audio_start_ms"] == pytest.approx(7500, abs=400)
        assert events[-1]["usage"]["seconds"] < 5
        assert transcript(events) == "word0 word1"

    async def test_long_speech_ends_at_a_short_pause(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(turn_detection, "MAX_TURN_SECONDS", 2.0)
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0) + pcm(0.2, loud=False) + pcm(1.0))
            await client.append(pcm(0.2, loud=False) + pcm(1.0))
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == "word0 word1 word2 word3"

    async def test_the_client_may_commit_as_well(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0))
            await client.commit()
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert "input_audio_buffer.speech_stopped" not in kinds(events)
        assert transcript(events) == "word0 word1"

    async def test_audio_that_is_repeated_is_not_ahead_of_real_time(
        self, api: Api, service: AsrService
    ) -> None:
        with patch.object(service, "open_utterance", wraps=service.open_utterance) as opening:
            async with connected(api, QUERY) as client:
                for _ in range(2):
                    await client.append(pcm(0.5) + pcm(1.0, loud=False))
                    await client.until(f"{TRANSCRIPTION}.completed")
        opened = [call.kwargs["began_s_ago"] for call in opening.call_args_list[:2]]
        assert opened == [0.0, pytest.approx(0.3)]

    async def test_nothing_is_heard_twice(self, api: Api, engine: Counting) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(
                turn_detection={**SERVER_VAD, "silence_duration_ms": 100, "prefix_padding_ms": 500}
            )
            await client.next()
            for _ in range(3):
                await client.append(pcm(1.0) + pcm(0.3, loud=False))
                assert transcript(await client.until(f"{TRANSCRIPTION}.completed")) == "word0 word1"
