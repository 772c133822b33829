"""Fakes that satisfy the same Protocols as the real engines and services."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from wyoming.event import Event
from wyoming.info import Info

from wyoming_voice_stack.asr.engine import (
    Samples,
    Speech,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.errors import Abandoned
from wyoming_voice_stack.http.application import RequestPlaces, make_runner
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.late_routes import BuildRoutes
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.server.http_connections import HttpConnections
from wyoming_voice_stack.server.listener import Listener
from wyoming_voice_stack.tts.engine import EngineCard, SynthesisRequest, Voice
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

WAIT_SECONDS = 20.0
"""Limit of a wait; only a broken server reaches it."""


class FakeVadStream:
    """Takes every window that is loud for speech."""

    def __init__(self) -> None:
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> Samples:
        sound = np.concatenate([self._pending, samples])
        count = len(sound) // WINDOW_SAMPLES
        self._pending = sound[count * WINDOW_SAMPLES :]
        windows = sound[: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
        loud: Samples = (np.abs(windows).mean(axis=1) > LOUD).astype(np.float32)
        return loud

    def finish(self) -> Samples:
        left = len(self._pending)
        return self.push(np.zeros(WINDOW_SAMPLES - left if left else 0, np.float32))


LOUD = 0.05
"""Mean level above which the fake takes sound for speech."""


class FakeRecognizer:
    """Takes loud sound for speech; says how many samples of it it was given."""

    languages: tuple[str, ...] = ("en", "de")
    device = "cpu"
    lanes = 1
    express_lanes = 0
    batch_size = 1

    def __init__(self) -> None:
        self.requests: list[TranscriptionRequest] = []
        self.audio: list[Samples] = []
        self.closed = False
        self.hold: threading.Event | None = None
        self.entered = threading.Event()

    def new_segmenter(self) -> SpeechSegmenter:
        return SpeechSegmenter(FakeVadStream())

    def transcribe(self, speeches: Sequence[Speech], wanted: Wanted) -> list[Transcription]:
        self.requests += [speech.request for speech in speeches]
        self.audio += [speech.samples for speech in speeches]
        self.entered.set()
        if self.hold is not None:
            assert self.hold.wait(WAIT_SECONDS)
        if not wanted():
            raise Abandoned("no client waits")
        return [self.transcribe_one(speech) for speech in speeches]

    def transcribe_one(self, speech: Speech) -> Transcription:
        text = f"{np.count_nonzero(np.abs(speech.samples) > LOUD)} samples"
        return Transcription(text=text, language=speech.request.language or "en")

    def let_go(self) -> None:
        if self.hold is not None:
            self.hold.set()

    def close(self) -> None:
        self.closed = True


FAKE_CARD = EngineCard(
    name="fake",
    description="A fake voice",
    attribution_name="tests",
    attribution_url="",
    languages=("en", "de"),
    voices=(Voice("anna", ("en", "de")), Voice("bert", ("de",), speakers=("one", "two"))),
    clones=True,
)


class FakeSynthesizer:
    """Speaks each sentence at one constant level, in chunks."""

    sample_rate = 8000
    device = "cpu"
    lanes = 1

    def __init__(self, card: EngineCard = FAKE_CARD) -> None:
        self.card = card
        self.requests: list[SynthesisRequest] = []
        self.playbacks: list[PlaybackBuffer] = []
        self.closed_early = threading.Event()
        self.hold: threading.Event | None = None
        self.entered = threading.Event()
        self.closed = False
        self.chunks = 2

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        self.requests.append(request)
        self.playbacks.append(playback)
        try:
            for _ in range(self.chunks):
                level = (len(request.text) % 100) / 100
                yield np.full(400, level, dtype=np.float32)
                self.entered.set()
                if self.hold is not None:
                    assert self.hold.wait(WAIT_SECONDS)
        except GeneratorExit:
            self.closed_early.set()
            raise

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSource:
    """A source whose engine is made already."""

    engine: FakeSynthesizer = field(default_factory=FakeSynthesizer)

    def card(self) -> EngineCard:
        return self.engine.card

    def max_characters(self, language: str) -> int:
        return 80

    def load(self) -> FakeSynthesizer:
        return self.engine


class EchoSession:
    """Repeats every event, and does more on request; shows what was cancelled."""

    def __init__(self) -> None:
        self.busy = False
        self.closed = False
        self.cancelled = asyncio.Event()
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        """Ends the work of `wait`."""

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        if event.type == "raise":
            raise RuntimeError("this is a bug")
        if event.type == "open":
            self.busy = True
        elif event.type == "close":
            self.busy = False
        elif event.type == "wait":
            self.entered.set()
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        elif event.type == "flood":
            while True:
                yield Event("flood", payload=b"\0" * 65536)
        yield Event("echo", {"type": event.type, **event.data}, event.payload)

    def closing_events(self) -> Sequence[Event]:
        return (Event("closing"),)

    def close(self) -> None:
        self.closed = True


class EchoService:
    """A service of echo sessions."""

    programs = ("echo",)

    def __init__(self) -> None:
        self.sessions: list[EchoSession] = []
        self.state: str = "ready"

    def info(self) -> Event:
        return Info().event()

    def status(self) -> ServiceStatus:
        return ServiceStatus("asr", "fake", "cpu", self.state, "")  # type: ignore[arg-type]

    def open_session(self, connection_name: str) -> EchoSession:
        self.sessions.append(EchoSession())
        return self.sessions[-1]


class Peer:
    """A client that can say anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._parser = EventParser(FrameLimits(payload_bytes=1 << 30))

    async def send(self, *events: Event) -> None:
        self.writer.write(b"".join(encode(event) for event in events))
        await self.writer.drain()

    async def send_raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def next(self) -> Event | None:
        """The next event; None when the server has closed."""
        async with asyncio.timeout(WAIT_SECONDS):
            while (event := self._parser.next_event()) is None:
                data = await self.reader.read(65536)
                if not data:
                    return None
                self._parser.feed(data)
            return event

    async def rest(self) -> list[Event]:
        """Everything until the server closes."""
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events

    async def until(self, event_type: str) -> list[Event]:
        """Everything up to and with the first event of a type."""
        events: list[Event] = []
        while (event := await self.next()) is not None:
            events.append(event)
            if event.type == event_type:
                break
        return events

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    client = Peer(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def listening(
    front_end: FrontEnd,
    *,
    limits: ConnectionLimits | None = None,
    max_connections: int = 8,
    host: str | None = "127.0.0.1",
    metrics: Metrics | None = None,
    service: HasStatus | None = None,
    max_api_requests: int = 8,
    allowed_origins: Sequence[str] = (),
    allowed_hosts: Sequence[str] = (),
    new_pace: Callable[[], Pace] | None = None,
    late_routes: Callable[[RequestPlaces], Mapping[str, BuildRoutes]] = lambda _: {},
    **more: object,
) -> AsyncIterator[Listener]:
    metrics = metrics or Metrics()
    status = service or (front_end if isinstance(front_end, EchoService) else EchoService())
    connections = HttpConnections(max_api_requests)
    listener = Listener(
        front_end=front_end,
        http=make_runner(
            status,
            metrics,
            allowed_origins=allowed_origins,
            allowed_hosts=allowed_hosts,
            new_pace=new_pace,
            handling=connections.handling,
            late_routes=late_routes(connections),
        ),
        http_connections=connections,
        metrics=metrics,
        limits=limits or ConnectionLimits(),
        max_connections=max_connections,
        **more,  # type: ignore[arg-type]
    )
    await listener.start(host, 0)
    try:
        yield listener
    finally:
        await listener.drain(0.0)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; the bound is reached only when it never will."""
    async with asyncio.timeout(WAIT_SECONDS):
        # What is waited for happens in another thread or process, which sets no event.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
