"""A Wyoming client for the command line: one request per connection."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voice_stack.cli.server_kinds import SPEECH_TO_TEXT, TEXT_TO_SPEECH, ServerKind
from wyoming_voice_stack.config.networks import is_host
from wyoming_voice_stack.errors import (
    ConfigError,
    DeadlineExceeded,
    EngineError,
    MalformedEvent,
    ProtocolError,
    VoiceStackError,
)
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 300.0
"""How long a server may take to answer."""
INFO_SECONDS = 10.0
"""How long a server may take to say what it serves; it needs no model for that."""
CLOSE_SECONDS = 2.0
CHUNK_SAMPLES = 1024
READ_BYTES = 64 * 1024


@dataclass(frozen=True)
class AudioClip:
    """PCM audio and its format."""

    rate: int
    width: int
    channels: int
    pcm: bytes

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return len(self.pcm) / (self.rate * self.width * self.channels)


def host_and_port(host: str | None, port: int) -> str:
    """Return `HOST:PORT` of a server that listens on `host`; None stands for every address."""
    host = host or "localhost"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def transcribe(
    uri: str, recording: AudioClip, *, language: str | None = None, model: str | None = None
) -> Transcript:
    """Transcribe a recording with the server at `tcp://HOST:PORT`.

    Raises:
        VoiceStackError: the server cannot be reached, or answers with an error.
    """
    request = Transcribe(name=model, language=language)
    async with _connected(uri) as session:
        await session.require(SPEECH_TO_TEXT)
        # The answer may be an error that arrives before the upload has ended.
        upload = asyncio.create_task(session.send(_utterance(request, recording)))
        try:
            return await session.transcript()
        finally:
            upload.cancel()
            await asyncio.wait({upload})


async def synthesize(uri: str, text: str, voice: SynthesizeVoice | None = None) -> AudioClip:
    """Speak a text with the server at `tcp://HOST:PORT`.

    Raises:
        VoiceStackError: the server cannot be reached, or answers with an error.
    """
    async with _connected(uri) as session:
        await session.require(TEXT_TO_SPEECH)
        await session.send([_request(text, voice)])
        return await session.recording()


async def describe(uri: str) -> Info:
    """Ask the server at `tcp://HOST:PORT` what it serves.

    Raises:
        VoiceStackError: the server cannot be reached, or its answer cannot be read.
    """
    async with _connected(uri) as session:
        await session.send([Describe().event()])
        return await session.served()


def _request(text: str, voice: SynthesizeVoice | None) -> Event:
    event = Synthesize(text=text).event()
    # The library's own event omits the language if there is a name, and a speaker without a name.
    fields = asdict(voice) if voice is not None else {}
    event.data["voice"] = {field: value for field, value in fields.items() if value is not None}
    return event


def _utterance(request: Transcribe, recording: AudioClip) -> Iterator[Event]:
    form = (recording.rate, recording.width, recording.channels)
    step = CHUNK_SAMPLES * recording.width * recording.channels
    yield request.event()
    yield AudioStart(*form).event()
    for begin in range(0, len(recording.pcm), step):
        yield AudioChunk(*form, recording.pcm[begin : begin + step]).event()
    yield AudioStop().event()


class _ClientSession:
    """One connection to a server, for one request."""

    def __init__(
        self, uri: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._uri = uri
        self._reader = reader
        self._writer = writer
        self._parser = EventParser(FrameLimits())

    async def require(self, kind: ServerKind) -> None:
        await self.send([Describe().event()])
        try:
            async with asyncio.timeout(INFO_SECONDS):
                kind.check(self._uri, await self._info())
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"{self._uri} did not answer describe within {INFO_SECONDS:g} s; check that it is a"
                " Wyoming server."
            ) from error

    async def send(self, events: Iterable[Event]) -> None:
        # If the server closes the connection, the reason is in what it has sent before.
        with suppress(ConnectionError):
            for event in events:
                self._writer.write(encode(event))
                await self._writer.drain()

    async def _info(self) -> Event:
        async with aclosing(self._answers()) as answers:
            async for event in answers:
                if Info.is_type(event.type):
                    return event
        raise self._no_answer()

    async def transcript(self) -> Transcript:
        async with aclosing(self._answers()) as answers:
            async for event in answers:
                if Transcript.is_type(event.type):
                    return read(Transcript, event)
        raise self._no_answer()

    async def served(self) -> Info:
        async with aclosing(self._answers()) as answers:
            async for event in answers:
                if Info.is_type(event.type):
                    try:
                        return Info.from_event(event)
                    except (AssertionError, AttributeError, TypeError, ValueError) as error:
                        raise MalformedEvent("The event 'info' cannot be read.") from error
        raise self._no_answer()

    async def recording(self) -> AudioClip:
        pcm = bytearray()
        chunk: AudioChunk | None = None
        async with aclosing(self._answers()) as answers:
            async for event in answers:
                if AudioChunk.is_type(event.type):
                    chunk = read(AudioChunk, event, audio=event.payload or b"")
                    pcm += chunk.audio
                elif AudioStop.is_type(event.type) and chunk is not None:
                    return AudioClip(chunk.rate, chunk.width, chunk.channels, bytes(pcm))
        raise self._no_answer()

    async def _answers(self) -> AsyncGenerator[Event, None]:
        while True:
            while (event := self._parser.next_event()) is not None:
                if Error.is_type(event.type):
                    error = read(Error, event)
                    raise VoiceStackError(f"{error.text} ({error.code})")
                yield event
            data = await self._read()
            if not data:
                return
            self._parser.feed(data)

    async def _read(self) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._reader.read(READ_BYTES)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"{self._uri} did not answer for {ANSWER_SECONDS:g} s; see the server's log."
            ) from error

    def _no_answer(self) -> VoiceStackError:
        return EngineError(
            f"{self._uri} closed the connection without an answer; see the server's log."
        )


@asynccontextmanager
async def _connected(uri: str) -> AsyncIterator[_ClientSession]:
    reader, writer = await _connect(uri)
    try:
        yield _ClientSession(uri, reader, writer)
    except OSError as error:
        raise EngineError(f"The connection to {uri} was lost: {_reason(error)}.") from error
    except ProtocolError as error:
        raise EngineError(f"{uri} does not speak the Wyoming protocol: {error}") from error
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()


async def _connect(uri: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server_address(uri)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await asyncio.open_connection(host, port)
    except OSError as error:
        raise EngineError(
            f"Cannot connect to {uri} ({_reason(error)}); start the server, or set another address"
            " with --uri."
        ) from error


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer within {CONNECT_SECONDS:g} s"
    # asyncio's own text has the addresses, and numbers of errors.
    number = error.errno or 0
    return os.strerror(number) if number > 0 else error.strerror or str(error)


def server_address(uri: str) -> tuple[str, int]:
    """Return host and port of `tcp://HOST:PORT`.

    Raises:
        ConfigError: it is not such an address.
    """
    try:
        parts = urlsplit(uri)
        if parts.scheme == "tcp" and is_host(parts.hostname or "") and parts.port:
            return parts.hostname or "", parts.port
    except ValueError:
        # A port that is not a number, or an incomplete IPv6 address: reported like anything else.
        pass
    raise ConfigError(f"{uri!r} is not a valid address; use tcp://HOST:PORT.")


def health_url(url: str, path: str) -> str:
    """Return the URL of a health check: `url`, and `path` behind it if it names only a server.

    Raises:
        ConfigError: it is not a URL of HTTP.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(
            f"{url!r} is not a valid URL of a health check; use http://HOST:PORT/health."
        )
    # At its root, a server has its page, whatever its state.
    server = url.rstrip("/")
    has_path = "/" in server.partition("://")[2]
    return url if has_path else f"{server}/{path}"
