"""The text-to-speech benchmark asks as Home Assistant does, and servers by turns."""

from __future__ import annotations

import asyncio
import math
import os

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from benchmarks.common import exchange
from benchmarks.common.servers import Target
from benchmarks.tts.generated_texts import Text, Texts
from benchmarks.tts.synthesis_client import SCENARIOS, Reply, Scenario, ask_together, encode_text
from benchmarks.tts.synthesis_plan import measure_plan, plan
from tests.support.fake_servers.scripted_wyoming import Converse, saying, scripted_server

START = AudioStart(rate=8000, width=2, channels=1).event()
SOUND = AudioChunk(rate=8000, width=2, channels=1, audio=bytes(1600)).event()
"""A tenth of a second."""
STOP = AudioStop().event()
STOPPED = SynthesizeStopped().event()
LONG = Text(("The first of the sentences is longer than what may be held back.", "And so on."))
FAST = 1e6
"""Words per second, where the pace is not what is tested."""


async def ask(port: int, scenario: Scenario, text: Text = LONG) -> Reply:
    (reply,) = await ask_together("127.0.0.1", port, [encode_text(scenario, text, FAST)])
    return reply


async def heard(scenario: Scenario, text: Text) -> list[Event]:
    """What a server gets, up to the event that asks for the end of the reply."""
    received: list[Event] = []

    async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
        received.extend(events)
        await saying(START, SOUND, STOP, STOPPED)(events, writer)

    last = "synthesize" if scenario == "plain" else "synthesize-stop"
    async with scripted_server(converse, at=last) as port:
        reply = await ask(port, scenario, text)
    assert (reply.failure, reply.request) == ("", text.whole)
    assert reply.sound_s == pytest.approx(0.1)
    assert 0 <= reply.sentence_sent_s <= reply.text_sent_s <= reply.ended_s < math.inf
    return received


async def test_a_plain_request_is_that_of_home_assistant() -> None:
    (request,) = await heard("plain", LONG)
    assert (request.type, request.data) == ("synthesize", {"text": LONG.whole})


async def test_a_streamed_request_is_that_of_home_assistant() -> None:
    events = await heard("streamed", LONG)
    deltas = [event.data["text"] for event in events if event.type == "synthesize-chunk"]
    assert [event.type for event in events] == [
        "synthesize-start",
        *["synthesize-chunk"] * len(deltas),
        *("synthesize", "synthesize-stop"),
    ]
    assert deltas == [LONG.sentences[0], " And", " so", " on."]
    assert events[-2].data["text"] == LONG.whole


async def test_a_short_text_is_streamed_in_one_piece() -> None:
    events = await heard("streamed", Text(("Turned on the light.",)))
    assert [event.type for event in events] == [
        *("synthesize-start", "synthesize-chunk", "synthesize", "synthesize-stop")
    ]


def test_words_come_at_the_pace_of_a_language_model() -> None:
    text = Texts().take("paragraph")
    one = encode_text("streamed", text, words_per_second=10)
    words = len(text.whole.split())
    assert one.steps[-1].due_s == pytest.approx((words - 1) / 10)
    assert one.steps[0].due_s < one.steps[1].due_s
    first_words = len(text.sentences[0].split())
    assert one.steps[one.first_sentence].due_s == pytest.approx((first_words - 1) / 10)


async def test_sound_between_sentences_does_not_end_a_streamed_reply() -> None:
    cycles = saying(START, SOUND, STOP, START, SOUND, SOUND, STOP, Event("new"), STOPPED)
    async with scripted_server(cycles, at="synthesize-stop") as port:
        reply = await ask(port, "streamed")
    assert reply.sound_s == pytest.approx(0.3)
    async with scripted_server(cycles, at="synthesize") as port:
        reply = await ask(port, "plain")
    assert reply.sound_s == pytest.approx(0.1)


async def test_silence_before_the_first_word_is_measured() -> None:
    loud = bytes(400) + b"\x00\x40" * 600
    events = (
        START,
        SOUND,
        AudioChunk(rate=8000, width=2, channels=1, audio=loud).event(),
        SOUND,
        STOP,
    )
    async with scripted_server(saying(*events), at="synthesize") as port:
        reply = await ask(port, "plain")
    assert reply.lead_s == pytest.approx(0.1 + 200 / 8000)


@pytest.mark.parametrize(
    ("scenario", "events", "reason"),
    [
        ("plain", (START, SOUND, Error("too many", "busy").event()), "error busy: too many"),
        ("plain", (START, SOUND), "closed"),
        ("plain", (START, STOP), "no sound"),
        ("plain", (START, Event("audio-chunk", {"rate": 8000}, bytes(4)), STOP), "no valid format"),
        ("plain", (), "closed"),
        ("streamed", (START, SOUND, STOP), "closed"),
        ("streamed", (STOPPED,), "no sound"),
    ],
)
async def test_a_failing_server_counts_as_failed(
    scenario: Scenario, events: tuple[Event, ...], reason: str
) -> None:
    last = "synthesize" if scenario == "plain" else "synthesize-stop"
    async with scripted_server(saying(*events), at=last) as port:
        reply = await ask(port, scenario)
    assert reason in reply.failure
    assert (reply.first_audio_s, reply.ended_s, reply.sound_s) == (math.inf, math.inf, 0)


async def test_a_reply_to_half_of_the_text_is_a_failure() -> None:
    async with scripted_server(saying(START, SOUND, STOP, STOPPED), at="synthesize-start") as port:
        one = encode_text("streamed", Text((f"{'x' * 61}.", "And so on.")), words_per_second=1e-6)
        (reply,) = await ask_together("127.0.0.1", port, [one])
    assert reply.failure == "the reply ended before the text"


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_who_is_not_there_has_failed(scenario: Scenario) -> None:
    async with scripted_server(saying(), at="never") as port:
        pass
    reply = await ask(port, scenario)
    assert reply.failure.startswith("not connected")
    assert reply.first_audio_s == math.inf


async def test_who_never_answers_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()

    async def silent(_: list[Event], writer: asyncio.StreamWriter) -> None:
        await released.wait()

    monkeypatch.setattr(exchange, "PATIENCE_S", 0.0)
    async with scripted_server(silent, at="synthesize") as port:
        reply = await ask(port, "plain")
        released.set()
    assert reply.failure == "timed out"


async def test_servers_take_turns_on_the_same_texts() -> None:
    log: list[tuple[str, str]] = []

    def speaking(name: str) -> Converse:
        async def converse(events: list[Event], writer: asyncio.StreamWriter) -> None:
            log.append((name, events[-1].data["text"]))
            await saying(START, SOUND, STOP)(events, writer)

        return converse

    one = plan("plain", "short", 2, Texts(), most=6, words_per_second=FAST)
    async with (
        scripted_server(speaking("x"), at="synthesize") as x,
        scripted_server(speaking("y"), at="synthesize") as y,
    ):
        targets = [Target("x", "127.0.0.1", x, os.getpid()), Target("y", "127.0.0.1", y)]
        found = await measure_plan(one, targets, again=True)
    assert [name for name, _ in log] == list("xxxxyyyyyyyyxxxxxxxxyyyy")
    assert [(each.server, each.case.scenario) for each in found] == [
        *(("x", "plain"), ("y", "plain"), ("x", "plain again"), ("y", "plain again"))
    ]
    texts = [each.text for scripts in one.rounds for each in scripts]
    for each in found:
        assert [reply.request for reply in each.answers] == texts
        assert 0 < each.wall_s < math.inf
    for name in "xy":
        assert sorted(text for who, text in log if who == name) == sorted(texts * 2)
    assert found[0].cpu_s is not None
    assert (found[1].cpu_s, found[1].memory) == (None, None)
