from __future__ import annotations

import json

from tests.integration.api_clients.api import ASR_MODEL, base_url, check_refusal
from tests.integration.api_clients.environments import run
from tests.support.integration.servers import Server


def test_models(asr_server: Server) -> None:
    found = run("libraries", "openai_lists", base_url=base_url(asr_server), model=ASR_MODEL)
    assert ASR_MODEL in found["models"]
    assert "whisper-1" in found["models"]
    assert found["retrieved"] == ASR_MODEL
    assert found["alias"] == "whisper-1"
    check_refusal(found["unknown"], "NotFoundError", 404, code="model_not_found")


def test_voices_have_what_open_webui_reads(tts_server: Server) -> None:
    status, body = tts_server.get("/v1/audio/voices")
    voices = json.loads(body)["voices"]
    assert status == 200
    assert {"en_US-joe-medium"} <= {voice["id"] for voice in voices}
    assert all(voice["id"] and voice["name"] for voice in voices)
    status, body = tts_server.get("/v1/audio/models")
    assert status == 200
    assert all(model["id"] for model in json.loads(body)["models"])
