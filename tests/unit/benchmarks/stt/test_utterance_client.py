"""The speech-to-text benchmark says utterances as Home Assistant does, and to servers by turns."""

from __future__ import annotations

import asyncio
import math
import os

import numpy as np
import pytest
from wyoming.asr import Transcript, TranscriptChunk
from wyoming.error import Error
from wyoming.event import Event, async_write_event

from benchmarks.common import exchange
from benchmarks.common.errors import BenchmarkError
from benchmarks.common.measurement import Plan
from benchmarks.common.servers import Target
from benchmarks.stt.transcription_plan import StreamCase, measure_plan, plan
from benchmarks.stt.utterance_client import (
    Answer,
    EncodedUtterance,
    encode_utterance,
    play_together,
)
from tests.support.fake_servers.scripted_wyoming import Converse, saying, scripted_server
from wyoming_voice_stack.audio import to_pcm16

USUAL_EVENTS = 13
SPEECH = np.linspace(-1, 1, 1600, dtype=np.float32)


def spoken(name: str = "one", seconds: float = 0.1) -> EncodedUtterance:
    return encode_utterance(name, np.resize(SPEECH, round(seconds * 16000)), "en")


async def ask(port: int, *, real_time: bool = False) -> Answer:
    (answer,) = await play_together("127.0.0.1", port, [spoken()], real_time=real_time)
    return answer


@pytest.mark.parametrize("real_time", [False, True])
async def test_a_request_is_that_of_home_assistant(real_time: bool) -> None:
    heard: list[Event] = []

    async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
        heard.extend(events)
        await async_write_event(Transcript("hello").event(), writer)

    async with scripted_server(converse) as port:
        answer = await ask(port, real_time=real_time)
    assert [event.type for event in heard] == [
        *("transcribe", "audio-start"),
        *["audio-chunk"] * 10,
        "audio-stop",
    ]
    assert heard[0].data["language"] == "en"
    chunks = [event.payload or b"" for event in heard[2:-1]]
    assert {len(chunk) for chunk in chunks} == {320}
    assert b"".join(chunks) == to_pcm16(SPEECH)
    assert (answer.text, answer.failure, answer.seconds) == ("hello", "", 0.1)
    assert len(answer.late_s) == (10 if real_time else 0)
    assert all(late_s >= 0 for late_s in answer.late_s)
    assert math.isfinite(answer.waited_s)


async def test_chunks_of_text_are_kept_and_the_rest_is_skipped() -> None:
    events = (
        Event("transcript-start"),
        TranscriptChunk("What time").event(),
        Event("something-new", payload=b"12"),
        TranscriptChunk(" is it?").event(),
        Transcript("What time is it?").event(),
        Event("transcript-stop"),
    )
    async with scripted_server(saying(*events)) as port:
        answer = await ask(port)
    assert answer.text == "What time is it?"
    assert answer.pieces == ("What time", " is it?")


async def test_a_transcript_before_the_end_took_no_time_and_ends_the_upload() -> None:
    early = saying(Transcript("early").event())
    async with scripted_server(early, at="audio-start", leaves=False) as port:
        (answer,) = await play_together("127.0.0.1", port, [spoken(seconds=20)], real_time=True)
    assert (answer.text, answer.waited_s, answer.failure) == ("early", 0, "")
    assert len(answer.late_s) < 2000


async def test_failures_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = []
    async with scripted_server(saying(Error("too many", "busy").event())) as port:
        failures.append(await ask(port))
    async with scripted_server(saying()) as port:
        failures.append(await ask(port))
    async with scripted_server(saying(), at="transcribe") as port:
        failures.append(await ask(port, real_time=True))
    failures.append(await ask(port))

    async def garbage(_: list[Event], writer: asyncio.StreamWriter) -> None:
        writer.write(b"no json\n")
        await writer.drain()

    async with scripted_server(garbage) as port:
        failures.append(await ask(port))
    released = asyncio.Event()

    async def silent(_: list[Event], writer: asyncio.StreamWriter) -> None:
        await released.wait()

    monkeypatch.setattr(exchange, "PATIENCE_S", 0.0)
    async with scripted_server(silent) as port:
        failures.append(await ask(port))
        released.set()
    assert [answer.waited_s for answer in failures] == [math.inf] * 6
    assert failures[0].failure == "error busy: too many"
    assert "closed" in failures[1].failure
    assert failures[2].failure
    assert failures[3].failure.startswith("not connected")
    assert "no json" in failures[4].failure or "JSON" in failures[4].failure
    assert failures[5].failure == "timed out"


def test_rounds_hold_other_utterances() -> None:
    scripts = [spoken(str(number)) for number in range(10)]
    rounds = plan(StreamCase("at-once", 4), scripts, 9, None).rounds
    assert [[one.name for one in each] for each in rounds] == [list("0123"), list("4567")]
    assert len(plan(StreamCase("at-once", 4), scripts, 2, None).rounds) == 1
    assert len(plan(StreamCase("at-once", 1), scripts, 10, 3).rounds) == 3
    with pytest.raises(BenchmarkError, match="16 streams"):
        plan(StreamCase("at-once", 16), scripts, 10, None)


async def test_satellites_that_speak_one_by_one_wait_for_their_answer_only() -> None:
    open_requests: list[int] = []
    both = asyncio.Event()

    async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
        open_requests.append(0)
        if len(open_requests) == 2:
            both.set()
        # The first satellite is answered when the second one speaks as well.
        await both.wait()
        await async_write_event(Transcript(str(len(events))).event(), writer)

    scripts = [spoken(str(number)) for number in range(7)]
    one = plan(StreamCase("one-by-one", 2), scripts, 7, None)
    assert [[each.name for each in group] for group in one.rounds] == [list("012345")]
    async with scripted_server(converse) as port:
        [measured] = await measure_plan(one, [Target("server", "127.0.0.1", port)])
    assert [answer.request for answer in measured.answers] == list("024135")
    assert not any(answer.failure for answer in measured.answers)
    assert len(open_requests) == 6


async def test_a_long_file_is_sent_again_and_again_beside_the_utterances() -> None:
    files = 0
    third = asyncio.Event()

    async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
        nonlocal files
        if len(events) > USUAL_EVENTS:
            files += 1
            if files == 3:
                third.set()
        else:
            await third.wait()
        await async_write_event(Transcript("text").event(), writer)

    file = spoken("file", 1.0)
    one = plan(StreamCase("beside-file", 1), [spoken("0"), spoken("1")], 2, None)
    async with scripted_server(converse) as port:
        [measured] = await measure_plan(one, [Target("server", "127.0.0.1", port)], file)
    assert [answer.request for answer in measured.answers] == ["0", "1"]
    assert files >= 3


async def test_a_long_file_without_text_ends_the_measurement() -> None:
    async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
        if len(events) > USUAL_EVENTS:
            await async_write_event(Transcript("").event(), writer)
        else:
            await asyncio.Event().wait()

    one = plan(StreamCase("beside-file", 1), [spoken("0")], 1, None)
    async with scripted_server(converse) as port:
        with pytest.raises(BenchmarkError, match="server has no text for the file: empty"):
            await measure_plan(one, [Target("server", "127.0.0.1", port)], spoken("file", 1.0))


async def test_servers_take_turns_on_the_same_utterances() -> None:
    log: list[tuple[str, int]] = []
    open_requests = 0

    def converse_as(name: str) -> Converse:
        async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
            nonlocal open_requests
            open_requests += 1
            log.append((name, len(events)))
            await asyncio.sleep(0)
            assert open_requests <= 2
            await async_write_event(Transcript(name).event(), writer)
            open_requests -= 1

        return converse

    rounds = tuple((spoken("a", seconds), spoken("b", seconds)) for seconds in (0.01, 0.02, 0.03))
    async with scripted_server(converse_as("x")) as x, scripted_server(converse_as("y")) as y:
        targets = [Target("x", "127.0.0.1", x, os.getpid()), Target("y", "127.0.0.1", y)]
        found = await measure_plan(Plan(StreamCase("at-once", 2), rounds), targets)
    assert [name for name, _ in log] == list("xxyyyyxxxxyy")
    assert [one.server for one in found] == ["x", "y"]
    for one in found:
        assert [answer.text for answer in one.answers] == [one.server] * 6
        assert [answer.seconds for answer in one.answers] == [0.01] * 2 + [0.02] * 2 + [0.03] * 2
    assert found[0].cpu_s is not None
    assert found[1].cpu_s is None
    assert found[1].memory is None
