"""Requests that the tests send, and ways to disconnect."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.tts import SynthesizeChunk, SynthesizeStart

from tests.support.integration.servers import Server
from tests.support.peers import Peer, peer
from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16

SENTENCE = "What is the temperature in the living room?"
FORM = (16000, 2, 1)


def utterance(seconds: float = 0.0) -> list[Event]:
    """A spoken sentence, repeated to the given length."""
    pcm = to_pcm16(np.concatenate((silence(0.3), say(SENTENCE), silence(0.3))))
    times = max(1, round(seconds * FORM[0] * FORM[1] / len(pcm)))
    chunks = [AudioChunk(*FORM, pcm).event()] * times
    return [AudioStart(*FORM).event(), *chunks, AudioStop().event()]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def wrong_words(heard: str, said: str) -> int:
    """How many words differ: a small model may mishear one where the sound of a reply varies."""
    return sum(_mistakes(heard, said))


def longest_mistake(heard: str, said: str) -> int:
    """How many words in a row are wrong, missing or too many, at most.

    A small model mishears single words; text that is lost, repeated or swapped is many in a row.
    """
    return max(_mistakes(heard, said), default=0)


def _mistakes(heard: str, said: str) -> list[int]:
    """The length in words of each part that differs."""
    matching = SequenceMatcher(None, words(heard), words(said), autojunk=False)
    changes = [change for change in matching.get_opcodes() if change[0] != "equal"]
    return [max(b - a, d - c) for _, a, b, c, d in changes]


def types(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


async def describes(port: int) -> bool:
    async with peer(port) as home:
        await home.send(Describe().event())
        answer = await home.next()
    return answer is not None and answer.type == "info"


async def begin_streaming(client_of_tts: Peer) -> None:
    """Open a streamed reply; the pong confirms that the server has read what was sent before."""
    await client_of_tts.send(
        SynthesizeStart().event(), SynthesizeChunk("Good morning. ").event(), Event("ping")
    )
    await client_of_tts.until("pong")


def reset(connection: Peer) -> None:
    """Reset the connection at once."""
    plain = connection.writer.get_extra_info("socket")
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()


def metric(server: Server, name: str) -> float:
    """A metric's value, summed over its labels."""
    _, body = server.get("/metrics")
    values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", body.decode(), re.MULTILINE)
    return sum(map(float, values))
