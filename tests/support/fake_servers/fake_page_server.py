"""A server whose page is the real one, and whose answers the test decides: what the page shows without any model."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from aiohttp import web

from tests.support.fake_servers.loopback import LoopbackServer
from tests.support.fake_servers.server_thread import ServerThread
from wyoming_voice_stack.codecs.encoding import wav_header

STATIC = files("wyoming_voice_stack.http.page") / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
TYPES |= {".json": "application/json", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'self'"
)
NO_NAMES = {"configured": False, "areas": 0, "entities": 0, "names": 0, "since": None}
SECOND_OF_SILENCE = bytes(48_000)
WAIT_S = 300.0


def state(mode: str, **changes: object) -> dict[str, Any]:
    """Return the state of a server as the page is given it."""
    return {
        "name": "Voice Stack",
        "version": "1.0.0",
        "mode": mode,
        "model": "base" if mode == "asr" else "piper:en_US-lessac-medium",
        "device": "cpu",
        "state": "ready",
        "detail": "",
        "progress": None,
        "can_change": True,
        "why_not": "",
        "key_required": False,
        "by_ingress": False,
        "port": 10300,
        "wyoming": "tcp://192.168.1.5:10300",
        "base_url": "http://192.168.1.5:10300/v1",
        "health": "http://192.168.1.5:10300/health",
        "metrics": "http://192.168.1.5:10300/metrics",
        "announced": True,
        "other": None,
        "languages": ["de", "en"],
        "streams_text": True,
    } | changes


def answers_without_names(text: str) -> str:
    """Return a text as it is heard without the names of the household."""
    return text.replace("light", "lied")


def voice(name: str, **changes: object) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "languages": ["en"],
        "kind": "built-in",
        "seconds": None,
        "problems": [],
        "default": False,
        "can_delete": False,
    } | changes


def model(name: str, **changes: object) -> dict[str, Any]:
    return {
        "id": f"group/{name}",
        "name": name,
        "size_bytes": 145_000_000,
        "languages": ["en"],
        "licence": "MIT",
        "state": "on-disk",
        "active": False,
        "can_delete": False,
        "needs": None,
    } | changes


@dataclass
class Answers:
    """What the server says; a test changes it."""

    state: dict[str, Any]
    voices: list[dict[str, Any]] = field(default_factory=lambda: [voice("lessac", default=True)])
    models: list[dict[str, Any]] = field(default_factory=lambda: [model("base", active=True)])
    figures: dict[str, Any] = field(default_factory=dict)
    served: list[tuple[str, str, list[str]]] = field(
        default_factory=lambda: [("base", "base", ["de", "en"]), ("whisper-1", "base", [])]
    )
    """Name of each model, the model it stands for, and its languages."""
    names: dict[str, Any] = field(default_factory=lambda: dict(NO_NAMES))
    problems: list[str] = field(default_factory=lambda: ["It is short."])
    """Of a new voice."""
    text: str = "Turn on the light."
    lines: list[dict[str, Any]] = field(default_factory=list)
    error: tuple[int, str, str] | None = None
    """Status, message and code of every answer below `/v1/`."""


class FakePageServer(ServerThread):
    """The real page of a server that has no model; what it was asked is kept."""

    def __init__(self, mode: str, **changes: object) -> None:
        super().__init__(_Site(self))
        self.answers = Answers(state(mode, **changes))
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        """Method, path and body of the requests that change or compute something."""
        self.headers: list[Mapping[str, str]] = []
        self.last_byte = threading.Event()
        """Speech lacks its last second until this is set, and a sample all of it."""
        self._streams: set[asyncio.Queue[tuple[str, object]]] = set()

    @property
    def url(self) -> str:
        return f"{self.server.url}/ui/"

    def stop(self) -> None:
        """End all connections, as a server does that is stopped."""

        async def end_streams() -> None:
            for stream in self._streams:
                stream.put_nowait(("", None))

        self.last_byte.set()
        self.run(end_streams())
        super().stop()

    def publish(self, name: str, data: object) -> None:
        """Send an event to every open page."""

        def put() -> None:
            for stream in self._streams:
                stream.put_nowait((name, data))

        self.loop.call_soon_threadsafe(put)

    def show_state(self, **changes: object) -> None:
        self.answers.state |= changes
        self.publish("state", self.answers.state)

    async def note(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if request.content_type.startswith("multipart/"):
            for name, value in (await request.post()).items():
                body[name] = value.file.read() if isinstance(value, web.FileField) else value
        elif request.can_read_body:
            body = await request.json()
        self.requests.append((request.method, request.path, body))
        self.headers.append(dict(request.headers))
        return body

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        queue: asyncio.Queue[tuple[str, object]] = asyncio.Queue()
        self._streams.add(queue)
        name, data = "state", self.answers.state
        try:
            while name:
                await response.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
                name, data = await queue.get()  # type: ignore[assignment]
        finally:
            self._streams.discard(queue)
        return response


class _Site(LoopbackServer):
    def __init__(self, fake: FakePageServer) -> None:
        super().__init__()
        self._fake = fake

    def handlers(self) -> dict[str, Any]:
        return {
            "/ui/": self._file,
            "/ui/api/events": self._fake.events,
            "/ui/api/{rest:.+}": self._page_api,
            "/ui/{name}": self._file,
            "/v1/models": self._models,
            "/v1/audio/speech": self._speech,
            "/v1/audio/transcriptions": self._transcription,
            "/v1/realtime": self._realtime,
        }

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "index.html")
        found = STATIC / name
        if not found.is_file():
            raise web.HTTPNotFound
        return web.Response(
            body=found.read_bytes(),
            headers={
                "Content-Type": f"{TYPES[PurePath(name).suffix]}; charset=utf-8",
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def _page_api(self, request: web.Request) -> web.StreamResponse:
        answers = self._fake.answers
        if request.method != "GET":
            body = await self._fake.note(request)
            if request.method == "POST" and request.path.endswith("/voices"):
                new = voice(body["name"], kind="cloned", seconds=8.0, can_delete=True)
                new["problems"] = answers.problems
                answers.voices.append(new)
                verdict = answers.problems or ["8.0 seconds of speech, and no problem found."]
                return web.json_response({"voice": new, "verdict": verdict}, status=201)
            if request.path.endswith("/sample"):
                if answers.error:
                    return _refusal(*answers.error)
                await asyncio.to_thread(self._fake.last_byte.wait, WAIT_S)
                samples = wav_header(24_000, len(SECOND_OF_SILENCE) // 2) + SECOND_OF_SILENCE
                return web.Response(body=samples, content_type="audio/wav")
            return web.json_response({})
        if request.path.endswith("/recording"):
            return web.Response(body=b"RIFF", content_type="audio/wav")
        found = {
            "voices": {"voices": answers.voices, "aliases": {}, "can_clone": True, "why_not": ""},
            "models": {"models": answers.models},
            "figures": answers.figures,
            "names": answers.names,
            "state": answers.state,
            "log": {"lines": answers.lines, "settings": {"ASR_MODEL": "base"}},
        }
        return web.json_response(found[request.match_info["rest"]])

    async def _models(self, request: web.Request) -> web.Response:
        del request
        answers = self._fake.answers
        data = [
            {"id": name, "root": root, "language": languages}
            for name, root, languages in answers.served
        ]
        return web.json_response({"data": data})

    async def _speech(self, request: web.Request) -> web.StreamResponse:
        await self._fake.note(request)
        if self._fake.answers.error:
            return _refusal(*self._fake.answers.error)
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        await response.write(SECOND_OF_SILENCE[:4801])
        await asyncio.to_thread(self._fake.last_byte.wait, WAIT_S)
        await response.write(SECOND_OF_SILENCE[4801:])
        return response

    async def _transcription(self, request: web.Request) -> web.StreamResponse:
        body = await self._fake.note(request)
        if self._fake.answers.error:
            return _refusal(*self._fake.answers.error)
        text = self._fake.answers.text
        if body.get("stream") != "true":
            if body.get("household_names") == "false":
                text = answers_without_names(text)
            as_json = "response_format" not in body
            return web.json_response({"text": text}) if as_json else web.Response(text=text)
        events = [{"type": "transcript.text.delta", "delta": text}]
        events.append({"type": "transcript.text.done", "text": text})
        lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return web.Response(text=lines, content_type="text/event-stream")

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("realtime",))
        await socket.prepare(request)
        prefix = "conversation.item.input_audio_transcription"
        heard = 0
        async for message in socket:
            event = json.loads(message.data)
            self._fake.requests.append(("WEBSOCKET", event["type"], event))
            if event["type"] == "input_audio_buffer.append":
                heard += 1
                if heard == 1:
                    await socket.send_json({"type": f"{prefix}.delta", "delta": "Turn on"})
            elif event["type"] == "input_audio_buffer.commit":
                text = self._fake.answers.text
                await socket.send_json({"type": f"{prefix}.completed", "transcript": text})
        return socket


def _refusal(status: int, message: str, code: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)
