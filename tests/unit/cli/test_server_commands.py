"""`voices`, `languages` and `status` of running servers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner, Result
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Info, TtsProgram, TtsVoice
from wyoming.info import TtsVoiceSpeaker as Speaker

from tests.support.fake_servers.scripted_wyoming import saying, scripted_server
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.client import describe, server_address
from wyoming_voice_stack.cli.commands import app
from wyoming_voice_stack.errors import ConfigError, EngineError

SOURCE = Attribution("a", "b")
ASR = "tcp://127.0.0.1:1"
TTS = "tcp://127.0.0.1:2"
SILENT = "tcp://127.0.0.1:3"
UNASKED_SECONDS = 10
SERVED = {
    ASR: Info(
        asr=[
            AsrProgram(
                *("Voice Stack STT", SOURCE, True, None, "1.2.3"),
                models=[AsrModel("base", SOURCE, True, None, None, languages=["en", "de"])],
            )
        ]
    ),
    TTS: Info(
        tts=[
            TtsProgram(
                *("Voice Stack TTS", SOURCE, True, None, "1.2.3"),
                voices=[
                    TtsVoice("anna", SOURCE, True, "Anna", None, ["en", "fr"]),
                    TtsVoice("b [x]", SOURCE, True, None, None, ["de"], [Speaker("s1")]),
                ],
            )
        ]
    ),
}


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def served(uri: str) -> Info:
        if uri not in SERVED:
            raise EngineError(f"Cannot connect to {uri}.")
        return SERVED[uri]

    monkeypatch.setattr(client, "describe", served)
    monkeypatch.setenv("ASR_URI", ASR)
    monkeypatch.setenv("TTS_URI", TTS)


def show(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def row(result: Result, name: str) -> list[str]:
    [line] = [line for line in result.stdout.splitlines() if name in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


@pytest.mark.parametrize(
    "uri",
    ["tcp://voice..example:5001", f"tcp://{'a' * 64}:5001", "tcp://my server:5001", "tcp://:5001"],
)
def test_address_that_cannot_be_looked_up(uri: str) -> None:
    with pytest.raises(ConfigError, match="is not a valid address; use tcp://HOST:PORT"):
        server_address(uri)


def test_voices() -> None:
    done = show("voices")
    assert row(done, "anna") == ["anna", "en, fr", "", "Anna"]
    assert row(done, "b [x]") == ["b [x]", "de", "s1", ""]


def test_voices_of_a_server_without_voices() -> None:
    done = show("voices", "--uri", ASR)
    assert isinstance(done.exception, EngineError)
    assert "no voices" in str(done.exception)


def test_languages() -> None:
    done = show("languages")
    assert row(done, "STT") == [ASR, "Voice Stack STT", "base", "de, en"]
    assert row(done, "TTS") == [TTS, "Voice Stack TTS", "2 voices", "de, en, fr"]


def test_languages_of_a_server_with_one_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    [program] = SERVED[TTS].tts
    alone = replace(program, voices=program.voices[:1])
    monkeypatch.setitem(SERVED, TTS, Info(tts=[alone]))
    assert row(show("languages"), "TTS") == [TTS, "Voice Stack TTS", "anna", "en, fr"]


def test_status_of_another_program() -> None:
    done = show("status")
    assert done.exit_code == 0
    assert row(done, "STT") == [ASR, "Voice Stack STT", "1.2.3", "running", "base", ""]


def test_status_without_one_of_the_servers() -> None:
    done = show("status", "--uri", SILENT, "--uri", TTS)
    assert done.exit_code == 1
    assert row(done, "TTS")[0] == TTS
    assert done.stderr == f"wyoming-voice-stack: Cannot connect to {SILENT}.\n"


def test_status_of_no_server() -> None:
    done = show("status", "--uri", SILENT)
    assert isinstance(done.exception, EngineError)
    assert done.stdout == ""


def test_a_wrong_address_is_an_error_before_anything_else() -> None:
    done = show("status", "--uri", TTS, "--uri", "hello")
    assert isinstance(done.exception, ConfigError)
    assert done.stdout == ""


class Unhealthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {"state": "failed", "detail": "no memory", "model": "small", "device": "cpu"}
        content = json.dumps(body).encode() if self.path == "/health" else b""
        self.send_response(503)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def unhealthy(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Unhealthy) as server:
        server.timeout = UNASKED_SECONDS
        uri = f"tcp://127.0.0.1:{server.server_port}"
        monkeypatch.setitem(SERVED, uri, SERVED[ASR])
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield uri
        thread.join()


def test_state_and_device_of_ours(unhealthy: str) -> None:
    done = show("status", "--uri", unhealthy)
    assert row(done, "STT")[3:] == ["failed: no memory", "small", "cpu"]


async def test_describe() -> None:
    async with scripted_server(saying(SERVED[TTS].event()), at="describe") as port:
        info = await describe(f"tcp://127.0.0.1:{port}")
    assert info == SERVED[TTS]


@pytest.mark.parametrize("program", [[1], 1, [{}], [{"voices": 1}]])
async def test_describe_of_something_else(program: object) -> None:
    answer = saying(Event("info", {"tts": program}))
    async with scripted_server(answer, at="describe") as port:
        with pytest.raises(EngineError, match="does not speak the Wyoming protocol"):
            await describe(f"tcp://127.0.0.1:{port}")


async def test_nothing_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        uri = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(EngineError) as caught:
        await describe(uri)
    assert str(caught.value) == (
        f"Cannot connect to {uri} (Connection refused); start the server, or set another address with"
        " --uri."
    )
