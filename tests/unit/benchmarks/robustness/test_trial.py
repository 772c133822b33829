"""What is measured while a scripted server is attacked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from rich.console import Console

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.processes import ThreadTime
from benchmarks.common.report import number_cell
from benchmarks.robustness import bystander, trial
from benchmarks.robustness.__main__ import attacks, parser
from benchmarks.robustness.attack import Service
from benchmarks.robustness.bystander import Reference, SlowDescribe, judge
from benchmarks.robustness.robust_servers import given_choice
from benchmarks.robustness.robustness_report import HEADINGS, print_remarks, robustness_table, row
from benchmarks.robustness.trial import LoopTime, MemoryUse, Trial, get_to_know, try_attack
from tests.support.fake_servers.scripted_speaker import Script, scripted
from tests.support.fakes import WAIT_SECONDS, eventually


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "KEPT_AFTER_S", 0.0)
    monkeypatch.setattr(bystander, "REQUEST_PAUSE_S", 0.0)
    set_patience(monkeypatch, WAIT_SECONDS)

    async def settle(_pid: int) -> None:
        """This process is the server, and never idle."""

    monkeypatch.setattr(trial, "settle", settle)


def set_patience(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(bystander, "REQUEST_PATIENCE_S", seconds)
    monkeypatch.setattr(bystander.describe, "__defaults__", (seconds,))


async def tried(
    script: Script,
    strike: Callable[[], Awaitable[None]],
    before: Callable[[], None] = lambda: None,
) -> Trial:
    """Attack the server; `strike` changes the script, `before` is called once the server is known."""

    async def struck(
        name: str, service: Service, host: str, port: int, seconds: float, source: str | None
    ) -> str:
        await strike()
        return f"{name} {service} {seconds:g} {source}"

    async with scripted(script) as target:
        subject = await get_to_know(target)
        before()
        return await try_attack("evil", subject, struck, 1.5, "127.0.0.9")


async def some_requests(script: Script, number: int = 3) -> None:
    until = script.requests + number
    await eventually(lambda: script.requests >= until)


async def test_a_server_that_takes_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    # The system counts at its ticks only, which are longer than an answer takes.
    ran_s = itertools.count(1.0)
    monkeypatch.setattr(bystander, "main_thread_time", lambda _pid: ThreadTime(next(ran_s), 0.0))
    found = await tried(script, lambda: some_requests(script))
    assert set(found.notices.verdicts) == {"right"}
    assert all(
        math.isfinite(one) for one in (*found.notices.described_s, *found.notices.answered_s)
    )
    assert found.lives
    assert found.note == "evil tts 1.5 127.0.0.9"
    assert found.memory.before_mb
    assert found.loop is not None
    assert found.loop.ran > 0
    assert found.loop.waited >= 0
    assert found.memory.kept_growth_mb is not None
    slowest = found.notices.slowest
    assert slowest is not None
    assert slowest.took_s == max(found.notices.described_s)
    assert slowest.server is not None
    assert slowest.server.running_s > 0
    assert slowest.server.waiting_s == 0
    assert slowest.client_s >= 0


@pytest.mark.parametrize(
    ("field", "value", "verdict"), [("error", "busy", "refused"), ("sound", 100, "wrong")]
)
async def test_answers_are_judged(field: str, value: object, verdict: str) -> None:
    script = Script()

    async def strike() -> None:
        setattr(script, field, value)
        await some_requests(script)
        setattr(script, field, getattr(Script(), field))
        await some_requests(script)

    found = await tried(script, strike)
    assert verdict in found.notices.verdicts
    assert found.notices.verdicts[-1] == "right"
    assert found.lives
    assert found.notices.remarks


async def test_a_server_that_is_deaf_after_an_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()

    async def strike() -> None:
        await some_requests(script, 1)
        script.deaf = True
        await script.ignored.wait()

    found = await tried(script, strike, lambda: set_patience(monkeypatch, 0.5))
    assert not found.lives
    assert math.inf in found.notices.described_s or "unanswered" in found.notices.verdicts


@pytest.mark.parametrize("script", [Script(speaks=False), Script(sound=0), Script(error="broken")])
async def test_a_server_that_cannot_be_measured(script: Script) -> None:
    with pytest.raises(BenchmarkError, match="The server at "):
        async with scripted(script) as target:
            await get_to_know(target)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("What is the temperature in the living room?", "right"),
        ("what is the temperature in a living room", "right"),
        ("Turn on the light.", "wrong"),
        ("", "wrong"),
        ("What is the temperature in the living room? " * 3, "wrong"),
    ],
)
def test_texts_are_compared_by_words(answer: str, verdict: str) -> None:
    reference = Reference("What is the temperature in the living room?")
    assert judge(Reference(answer), "", reference) == verdict


def test_failures_are_told_apart() -> None:
    reference = Reference("a")
    assert judge(reference, "error busy: no", reference) == "refused"
    assert judge(reference, "not connected: refused", reference) == "refused"
    assert judge(reference, "the connection was closed", reference) == "unanswered"


def test_a_row_has_all_cells() -> None:
    notices = bystander.Notices([0.001, math.inf], [0.5], ["right", "refused"], ["error busy"])
    memory = MemoryUse(100.0, 160.4, 99.0)
    one = Trial(
        "evil", "ours asr", notices, memory, False, "2 [events]", None, LoopTime(12.3, 45.6)
    )
    assert row(one) == [
        *("evil", "ours asr", "1.0", "never", "1", "0", "1", "0", "0.5", "12", "46", "60", "-1"),
        "no",
    ]
    assert row(replace(one, loop=None))[9:11] == [number_cell(None, 0)] * 2
    assert len(row(one)) == len(HEADINGS)
    console = Console(record=True, width=200)
    console.print(robustness_table([one]))
    print_remarks([one], console)
    assert "evil, ours asr: 2 [events]; error busy" in console.export_text()


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (
            ThreadTime(0.009, 0.061),
            (
                "the slowest describe took 115 ms, the server's loop ran for 9 ms of it and waited 61 ms"
                " for a core, the bystander itself was 42 ms late"
            ),
        ),
        (None, "the slowest describe took 115 ms, the bystander itself was 42 ms late"),
    ],
)
def test_where_the_time_of_the_slowest_describe_went(
    server: ThreadTime | None, expected: str
) -> None:
    slowest = SlowDescribe(0.115, 0.042, server)
    trials = [
        Trial("evil", "ours", bystander.Notices(slowest=one), MemoryUse(), lives=True)
        for one in (slowest, replace(slowest, took_s=0.04), None)
    ]
    console = Console(record=True, width=200)
    print_remarks(trials, console)
    assert console.export_text() == f"evil, ours: {expected}\n"


def test_options() -> None:
    assert parser().parse_args(["localhost:10300", "--pid", "1"]).server == "localhost:10300"
    assert all("ping" in attack.name for attack in attacks(["ping"]))
    assert len(attacks(["ping without pause, 8"])) == 1
    assert len(attacks(None)) > 20
    with pytest.raises(BenchmarkError, match="Available: none"):
        attacks(["no such attack"])
    with pytest.raises(BenchmarkError, match="Use HOST:PORT"):
        given_choice("localhost", None)
