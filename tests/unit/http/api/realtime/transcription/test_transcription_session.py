"""Transcription on the WebSocket, with a fake engine behind a real worker and a real listener."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.support.asr_client import serving as serving_asr
from tests.support.hearing_client import LONG, QUERY, Counting, deltas, transcript
from tests.support.http_api import Api
from tests.support.realtime_client import (
    HANDSHAKE,
    TRANSCRIPTION,
    Json,
    RealtimeClient,
    connected,
    hearing,
    pcm,
)
from wyoming_voice_stack.http.api.realtime.realtime_api import LAST_SECONDS, SESSION_SECONDS


class TestSession:
    async def test_created_first(self, api: Api) -> None:
        async with connected(api, QUERY, read_first=False) as client:
            event = await client.next()
        assert event["type"] == "session.created"
        assert event["event_id"].startswith("event_")
        session = event["session"]
        assert session["type"] == "transcription"
        assert session["object"] == "realtime.transcription_session"
        lasts_s = session["expires_at"] - time.time()
        assert lasts_s == pytest.approx(SESSION_SECONDS + LAST_SECONDS, abs=600)
        settings = session["audio"]["input"]
        assert settings["format"] == {"type": "audio/pcm", "rate": 24000}
        assert settings["turn_detection"]["type"] == "server_vad"

    async def test_a_server_without_partial_text(self, engine: Counting) -> None:
        async with (
            serving_asr(engine, replace(LONG, partial_text=False)) as service,
            hearing(service) as api,
            connected(api, QUERY) as client,
        ):
            await client.configure(turn_detection=None)
            await client.next()
            await client.append(pcm(1.0))
            await client.commit()
            events = await client.until(f"{TRANSCRIPTION}.completed")
        assert transcript(events) == deltas(events) == "word0 word1"

    async def test_without_intent_too(self, api: Api) -> None:
        async with connected(api, "?model=whisper-1", read_first=False) as client:
            assert (await client.next())["session"]["type"] == "transcription"

    async def test_update_is_merged_and_answered(self, api: Api) -> None:
        async with connected(api, QUERY) as client:
            await client.configure(
                transcription={"model": "gpt-4o-transcribe", "language": "de", "delay": "low"},
                noise_reduction={"type": "near_field"},
            )
            first = (await client.next())["session"]["audio"]["input"]
            await client.configure(turn_detection=None)
            second = (await client.next())["session"]["audio"]["input"]
        assert first["transcription"]["language"] == "de"
        assert first["turn_detection"]["type"] == "server_vad"
        assert second["transcription"] == first["transcription"]
        assert second["turn_detection"] is None

    async def test_an_unknown_model_is_refused_before_the_handshake(self, api: Api) -> None:
        answer, body = await api.ask(
            "GET",
            f"/v1/realtime{QUERY}&model=nonsense",
            headers=HANDSHAKE,
        )
        assert answer.status == 404
        assert body["error"]["code"] == "model_not_found"  # type: ignore[index]

    async def test_a_plain_request_is_told_to_use_a_websocket(self, api: Api) -> None:
        answer, body = await api.ask("GET", f"/v1/realtime{QUERY}")
        assert answer.status == 400
        assert "WebSocket" in body["error"]["message"]  # type: ignore[index]


class TestConfiguration:
    async def test_the_language_can_change(self, manual: RealtimeClient, engine: Counting) -> None:
        for language in ("de", "English", None):
            await manual.configure(transcription={"model": "whisper-1", "language": language})
            # Not waiting for session.updated, as some clients do.
            await manual.append(pcm(0.5))
            await manual.commit()
            await manual.until(f"{TRANSCRIPTION}.completed")
        assert [request.language for request in engine.requests] == ["de", "en", None]

    async def test_a_new_language_holds_for_speech_that_follows_silence(
        self, api: Api, engine: Counting
    ) -> None:
        async with connected(api, QUERY) as client:
            await client.append(pcm(1.0, loud=False))
            await client.configure(transcription={"language": "de"})
            await client.append(pcm(1.0) + pcm(1.0, loud=False))
            await client.until(f"{TRANSCRIPTION}.completed")
        assert {request.language for request in engine.requests} == {"de"}

    async def test_keywords_prompt_and_languages(
        self, manual: RealtimeClient, engine: Counting
    ) -> None:
        hints = {"keywords": ["Kubernetes", " "], "prompt": "A talk.", "languages": ["de", "en"]}
        await manual.configure(transcription=hints)
        await manual.append(pcm(0.5))
        await manual.commit()
        await manual.until(f"{TRANSCRIPTION}.completed")
        request = engine.requests[-1]
        assert request.terms == ("Kubernetes",)
        assert request.initial_prompt == "A talk."
        assert request.candidate_languages == ("de", "en")

    @pytest.mark.parametrize(
        ("settings", "param", "code"),
        [
            ({"transcription": {"language": "xx"}}, "language", "unknown_language"),
            ({"transcription": {"model": "nonsense"}}, "model", "model_not_found"),
            (
                {"transcription": {"language": 3}},
                "session.audio.input.transcription.language",
                "invalid_value",
            ),
            ({"transcription": []}, "session.audio.input.transcription", "invalid_value"),
            *(
                (
                    {"transcription": {"keywords": keywords}},
                    "session.audio.input.transcription.keywords",
                    "invalid_value",
                )
                for keywords in ([3], ["x"] * 1001, ["x" * 201])
            ),
            (
                {"format": {"type": "audio/pcmu"}},
                "session.audio.input.format",
                "unsupported_value",
            ),
            (
                {"format": {"type": "audio/pcm", "rate": 16000}},
                "session.audio.input.format",
                "unsupported_value",
            ),
            (
                {"turn_detection": {"type": "magic"}},
                "session.audio.input.turn_detection.type",
                "unsupported_value",
            ),
            (
                {"turn_detection": {"type": "server_vad", "silence_duration_ms": "long"}},
                "session.audio.input.turn_detection.silence_duration_ms",
                "invalid_value",
            ),
        ],
    )
    async def test_wrong_settings_change_nothing(
        self, manual: RealtimeClient, settings: Json, param: str, code: str
    ) -> None:
        await manual.configure(**settings)
        error = (await manual.next())["error"]
        assert (error["param"], error["code"]) == (param, code)
        assert error["type"] == "invalid_request_error"
        await manual.configure()
        updated = (await manual.next())["session"]["audio"]["input"]
        assert updated["turn_detection"] is None
        assert updated["transcription"]["language"] is None
