"""One client's talk with the text-to-speech server: text in, sound out.

Both forms of the contract end in the same place: a `Reply`, one audio stream with one format.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from wyoming_voice_stack.errors import UnexpectedEvent
from wyoming_voice_stack.protocol.vocabulary import read
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.reply import Reply

_LOGGER = logging.getLogger(__name__)


class TtsSession:
    """Answers `synthesize`, and `synthesize-start`, `-chunk` and `-stop`."""

    def __init__(self, service: TtsBackend, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._reply: Reply | None = None
        self._streaming = False

    @property
    def busy(self) -> bool:
        """True from a request's first event to its last reply."""
        return self._reply is not None

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event; unknown ones are ignored."""
        text = await self._take(event)
        if text is None or self._reply is None:
            return
        ends = not SynthesizeChunk.is_type(event.type)
        async with aclosing(self._reply.speak(text, ends=ends)) as sound:
            async for chunk in sound:
                yield chunk
        if ends:
            for closing in self._close():
                yield closing

    def closing_events(self) -> Sequence[Event]:
        """`synthesize-stopped` ends a streamed reply, also a failed one."""
        return (SynthesizeStopped().event(),) if self._streaming else ()

    def close(self) -> None:
        """Nothing goes on between two events here."""

    async def _take(self, event: Event) -> str | None:
        """Return the text that the event adds to the reply; None if it asks for none."""
        if SynthesizeStart.is_type(event.type):
            if self._reply is not None:
                raise UnexpectedEvent("synthesize-start came again before synthesize-stop.")
            self._streaming = True
            self._reply = await self._begin(read(SynthesizeStart, event).voice)
        elif SynthesizeChunk.is_type(event.type):
            self._require_start(event)
            return read(SynthesizeChunk, event).text
        elif SynthesizeStop.is_type(event.type):
            self._require_start(event)
            return ""
        elif Synthesize.is_type(event.type) and not self._streaming:
            request = read(Synthesize, event)
            self._reply = await self._begin(request.voice)
            return request.text
        return None

    async def _begin(self, voice: SynthesizeVoice | None) -> Reply:
        return Reply(self._service, await self._service.choose(voice), self._name)

    def _require_start(self, event: Event) -> None:
        if self._reply is None:
            raise UnexpectedEvent(f"{event.type} came before synthesize-start; send that first.")

    def _close(self) -> Iterator[Event]:
        if self._reply is None:
            return
        yield from self._reply.finish()
        kind = "streaming" if self._streaming else "plain"
        _LOGGER.info("[%s] %s", self._name, self._reply.summary)
        self._service.metrics.requests.labels(f"synthesize-{kind}", "ok").inc()
        if self._streaming:
            yield SynthesizeStopped().event()
        self._reply, self._streaming = None, False
