"""The Wyoming events of speech to text, with a fake engine behind a real worker."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.info import Info

from tests.support.asr_client import (
    OPTIONS,
    loaded_worker,
    open_session,
    serving,
    transcripts,
    utterance,
)
from tests.support.fakes import FakeRecognizer
from wyoming_voice_stack import __version__
from wyoming_voice_stack.asr.utterance import SLICE_BYTES
from wyoming_voice_stack.asr.vad.segmenter import LEAD_IN_MS
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd


class TestUtterances:
    async def test_one(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            session = open_session(service)
            [transcript] = await transcripts(
                session, Transcribe(language="de").event(), *utterance()
            )
        assert transcript == Transcript(text="1600 samples", language="de")
        assert engine.requests[0].language == "de"
        assert engine.requests[0].initial_prompt == "The lights."

    async def test_memory_is_given_back_once_the_text_is_sent(
        self, engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        freed, sent = list[str](), list[str]()
        monkeypatch.setattr(Worker, "request_cleanup", lambda worker: freed.append(worker.name))
        async with serving(engine) as service:
            session = open_session(service)
            for event in utterance():
                async for reply in session.handle(event):
                    sent.append(reply.type)
                    assert freed == []
            assert sent[-2:] == ["transcript", "transcript-stop"]
            assert len(freed) == 1

    async def test_several_on_one_connection(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            session = open_session(service)
            transcript = await transcripts(
                session,
                Transcribe(language="de").event(),
                *utterance(8000),
                *utterance(4000),
                Transcribe(language="en").event(),
                *utterance(2000),
            )
        assert [(one.text, one.language) for one in transcript] == [
            ("8000 samples", "de"),
            ("4000 samples", "de"),
            ("2000 samples", "en"),
        ]

    async def test_without_transcribe(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            [transcript] = await transcripts(open_session(service), *utterance())
        assert transcript.text == "1600 samples"
        assert engine.requests[0].language is None

    @pytest.mark.parametrize("start", [True, False])
    async def test_no_audio_is_an_empty_transcript(
        self, engine: FakeRecognizer, start: bool
    ) -> None:
        events = [AudioStart(16000, 2, 1).event()] if start else []
        async with serving(engine) as service:
            [transcript] = await transcripts(open_session(service), *events, AudioStop().event())
        assert transcript.text == ""
        assert engine.requests == []

    async def test_chunks_without_a_start(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            [transcript] = await transcripts(open_session(service), *utterance()[1:])
        assert transcript.text == "1600 samples"

    async def test_a_new_start_drops_the_old_audio(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            [transcript] = await transcripts(
                open_session(service), *utterance()[:2], *utterance(3200)
            )
        assert transcript.text == "3200 samples"

    async def test_odd_byte_counts_are_joined(self, engine: FakeRecognizer) -> None:
        pcm = np.arange(4000, 8000, dtype="<i2").tobytes()
        cuts = [0, 1, 36, 107, 108, 500, 8000]
        async with serving(engine) as service:
            await transcripts(
                open_session(service),
                AudioStart(16000, 2, 1).event(),
                *(AudioChunk(16000, 2, 1, pcm[a:b]).event() for a, b in pairwise(cuts)),
                AudioStop().event(),
            )
        spoken = engine.audio[0][LEAD_IN_MS * 16 :]
        assert np.array_equal(np.round(spoken * 32768), np.arange(4000, 8000))

    @pytest.mark.parametrize("form", [(8000, 2, 1), (48000, 4, 2), (22050, 3, 6), (44100, 1, 1)])
    async def test_other_formats_become_16_khz_mono(
        self, engine: FakeRecognizer, form: tuple[int, int, int]
    ) -> None:
        rate, width, channels = form
        async with serving(engine) as service:
            await transcripts(open_session(service), *utterance(rate, rate, width, channels))
        assert abs(len(engine.audio[0]) - LEAD_IN_MS * 16 - 16000) <= 2

    async def test_large_chunk_is_taken_in_slices(self, engine: FakeRecognizer) -> None:
        pcm = (np.arange(20_000) % 3000 + 4000).astype("<i2").tobytes() * 8
        async with serving(engine, replace(OPTIONS, max_utterance_s=20)) as service:
            chunk = AudioChunk(16000, 2, 1, audio=pcm).event()
            await transcripts(open_session(service), chunk, AudioStop().event())
        assert len(pcm) > 4 * SLICE_BYTES
        spoken = engine.audio[0][LEAD_IN_MS * 16 :]
        assert np.round(spoken * 32768).astype("<i2").tobytes() == pcm

    async def test_format_may_change_within_an_utterance(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            first, second = utterance(1600)[1], utterance(800, rate=8000)[1]
            [transcript] = await transcripts(
                open_session(service), first, second, AudioStop().event()
            )
        assert abs(len(engine.audio[0]) - LEAD_IN_MS * 16 - 3200) <= 2
        assert transcript.text


class TestInfo:
    async def test_everything_home_assistant_reads(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            info = Info.from_event(AsrFrontEnd(service).info())
        [program] = info.asr
        assert program.installed
        assert program.name in AsrFrontEnd.programs
        assert [model.name for model in program.models] == ["first", "first.en"]
        assert program.models[0].languages == ["de", "en", "jv"]
        assert program.models[1].languages == ["en"]
        assert all(model.installed for model in program.models)
        assert program.requires_external_vad
        assert program.supports_transcript_streaming
        assert not program.prefers_auto_gain_enabled
        assert not program.prefers_noise_reduction_enabled

    async def test_description_names_what_is_served(self, engine: FakeRecognizer) -> None:
        async with serving(engine, replace(OPTIONS, language="de")) as service:
            front_end = AsrFrontEnd(service)
            await loaded_worker(service)
            [program] = Info.from_event(front_end.info()).asr
            assert front_end.info() is front_end.info()
        served = "model first, language de, device cpu"
        assert program.description == f"Speech to text with Whisper: {served}"
        assert program.version == __version__

    async def test_what_is_advertised_follows_the_settings(self, engine: FakeRecognizer) -> None:
        options = replace(OPTIONS, endpoint_silence_s=0.7, partial_text=False)
        async with serving(engine, options) as service:
            [program] = Info.from_event(AsrFrontEnd(service).info()).asr
        assert not program.requires_external_vad
        assert not program.supports_transcript_streaming

    async def test_busy_from_start_to_transcript(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            session = open_session(service)
            start, chunk, stop = utterance()
            assert not session.busy
            await transcripts(session, start, chunk)
            assert session.busy
            await transcripts(session, stop)
            assert not session.busy
