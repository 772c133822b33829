"""The life of a server: loading, draining, clients that disconnect."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStop

from tests.support.checkpoints.tiny_xtts import make_tiny_xtts
from tests.support.fakes import eventually
from tests.support.integration.client import (
    FORM,
    SENTENCE,
    begin_streaming,
    describes,
    metric,
    reset,
    types,
    utterance,
    words,
)
from tests.support.integration.servers import (
    EMBEDDED_PIPER,
    EMBEDDED_WHISPER,
    STOP_SECONDS,
    Server,
    running,
)
from tests.support.peers import peer
from wyoming_voice_stack.cli import client

PATIENCE = {"SHUTDOWN_GRACE_SECONDS": "300"}
"""Longer than any test waits, so the grace period never ends a request."""


@pytest.fixture(scope="module")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes seconds to load: XTTS, mostly for importing its libraries."""
    return make_tiny_xtts(tmp_path_factory.mktemp("slow") / "checkpoint")


def loading(model: Path, folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """A server that has started and still loads its model."""
    return running("tts", folder, settings, wait_for="/health", TTS_MODEL=str(model))


class TestLoading:
    async def test_answers_at_once_and_speaks_when_loaded(
        self, slow_model: Path, tmp_path: Path
    ) -> None:
        with loading(slow_model, tmp_path, LOG_FORMAT="json") as server:
            async with peer(server.port) as early:
                await early.send(Synthesize(text="Hello there.").event())
                assert await describes(server.port)
                status, body = await asyncio.to_thread(server.get, "/ready")
                assert (status, json.loads(body)["state"]) == (503, "loading")
                status, body = await asyncio.to_thread(server.get, "/health")
                assert (status, json.loads(body)["state"]) == (200, "loading")
                # On a busy machine, loading takes longer than the wait for an answer.
                await asyncio.to_thread(server.wait_until, "/ready")
                got = await early.until("audio-stop")
            assert got[-1].type == "audio-stop"
            assert "audio-chunk" in types(got)
            assert server.get("/ready")[0] == 200
        # Warnings of libraries while loading are JSON, too.
        entries = [json.loads(line) for line in server.log.splitlines()]
        assert all({"time", "level", "name", "message"} <= set(entry) for entry in entries)

    async def test_sigterm_while_loading(self, slow_model: Path, tmp_path: Path) -> None:
        with loading(slow_model, tmp_path, SHUTDOWN_GRACE_SECONDS="0") as server:
            async with peer(server.port) as early:
                await early.send(Synthesize(text="Hello there.").event(), Event("ping"))
                await early.until("pong")
                assert server.get("/ready")[0] == 503
                server.process.send_signal(signal.SIGTERM)
                [error] = await early.rest()
            assert error.data["code"] == "shutting-down"
            assert await asyncio.to_thread(server.stop) == 0


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    async def test_utterance_under_way_is_answered(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        beginning, *rest = utterance()
        with running("asr", tmp_path, PATIENCE, ASR_MODEL=EMBEDDED_WHISPER) as server:
            async with peer(server.port) as speaking, peer(server.port) as idle:
                await idle.send(Describe().event())
                await idle.next()
                await speaking.send(beginning, Event("ping"))
                await speaking.until("pong")
                server.process.send_signal(number)
                assert await idle.rest() == []
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", server.port)
                await speaking.send(*rest)
                *_, transcript, end = await speaking.rest()
            assert end.type == "transcript-stop"
            assert words(transcript.data["text"]) == words(SENTENCE)
            assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
            server.stopped = True

    async def test_text_under_way_is_spoken_to_its_end(self, tmp_path: Path) -> None:
        with running("tts", tmp_path, PATIENCE, TTS_MODEL=EMBEDDED_PIPER) as server:
            async with peer(server.port) as streaming, peer(server.port) as long:
                await long.send(Synthesize(text=f"{SENTENCE} " * 12).event())
                await long.next()
                await begin_streaming(streaming)
                server.process.send_signal(signal.SIGTERM)
                await eventually(lambda: "stopping" in server.log)
                await streaming.send(SynthesizeChunk("It is late.").event())
                await streaming.send(SynthesizeStop().event())
                assert types(await streaming.rest())[-2:] == ["audio-stop", "synthesize-stopped"]
                spoken = await long.rest()
            assert spoken[-1].type == "audio-stop"
            samples = sum(len(event.payload or b"") // 2 for event in spoken)
            assert samples > 12 * 1.5 * 22050
            assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
            server.stopped = True

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_second_signal_cuts_it_short(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        with running("tts", tmp_path, PATIENCE, TTS_MODEL=EMBEDDED_PIPER) as server:
            async with peer(server.port) as streaming:
                await begin_streaming(streaming)
                server.process.send_signal(signal.SIGTERM)
                await eventually(lambda: "stopping" in server.log)
                server.process.send_signal(number)
                *_, error, closing_events = await streaming.rest()
            assert error.data["code"] == "shutting-down"
            assert closing_events.type == "synthesize-stopped"
            assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
            server.stopped = True

    async def test_grace_period_ends(self, tmp_path: Path) -> None:
        with running(
            "asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER, SHUTDOWN_GRACE_SECONDS="0.2"
        ) as server:
            async with peer(server.port) as speaking:
                await speaking.send(*utterance()[:-1], Event("ping"))
                await speaking.until("pong")
                server.process.send_signal(signal.SIGTERM)
                [error] = await speaking.rest()
            assert error.data["code"] == "shutting-down"
            assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
            server.stopped = True
            assert "0.2 s" in server.log
            assert "1 requests were cut off" in server.log

    async def test_client_that_still_sends_hears_why(self, tmp_path: Path) -> None:
        """Data that the client still sends must not reset the connection before the error arrives."""
        with running(
            "asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER, SHUTDOWN_GRACE_SECONDS="0"
        ) as server:
            async with peer(server.port) as speaking:
                await speaking.send(*utterance()[:-1], Event("ping"))
                await speaking.until("pong")

                async def go_on() -> None:
                    with suppress(ConnectionError):
                        while True:
                            await speaking.send(AudioChunk(*FORM, bytes(2048)).event())
                            await asyncio.sleep(0)

                going_on = asyncio.create_task(go_on())
                server.process.send_signal(signal.SIGTERM)
                error = await speaking.next()
                going_on.cancel()
                await asyncio.wait({going_on})
            assert error is not None
            assert error.data["code"] == "shutting-down"
            assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
            server.stopped = True


class TestDisconnects:
    @pytest.fixture
    def slow_server(self, tmp_path: Path) -> Iterator[Server]:
        """Transcribes one utterance at a time, slowly."""
        with running(
            *("asr", tmp_path),
            ASR_MODEL=EMBEDDED_WHISPER,
            ASR_CPU_THREADS="1",
            ASR_BEAM_SIZE="20",
        ) as server:
            yield server

    async def test_waiting_transcription_is_dropped(self, slow_server: Server) -> None:
        answered = metric(slow_server, "voice_stack_requests_total")

        def waiting(count: int) -> bool:
            return metric(slow_server, "voice_stack_queue_depth") == count

        async with peer(slow_server.port) as busy, peer(slow_server.port) as patient:
            await busy.send(*utterance(seconds=25))
            async with peer(slow_server.port) as leaver:
                await leaver.send(*utterance())
                await patient.send(*utterance())
                await eventually(lambda: waiting(2))
                reset(leaver)
            # While the first one is still running; later the gauge would drop anyway.
            await eventually(lambda: waiting(1))
            assert metric(slow_server, "voice_stack_requests_total") == answered
            for client_left in (busy, patient):
                *_, transcript = await client_left.until("transcript")
                assert "temperature" in transcript.data["text"]
        assert metric(slow_server, "voice_stack_requests_total") == answered + 2

    async def test_running_synthesis_is_dropped(self, tts_server: Server) -> None:
        answered = metric(tts_server, "voice_stack_requests_total")
        async with peer(tts_server.port) as leaver:
            await leaver.send(Synthesize(text=f"{SENTENCE} " * 1000).event())
            await leaver.next()
            reset(leaver)
        await eventually(lambda: metric(tts_server, "voice_stack_connections") == 0)
        assert metric(tts_server, "voice_stack_queue_depth") == 0
        recording = await client.synthesize(tts_server.uri, "Good night.")
        assert recording.seconds > 0.3
        assert metric(tts_server, "voice_stack_requests_total") == answered + 1
