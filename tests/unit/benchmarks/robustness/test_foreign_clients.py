"""Attacks from addresses that a server does not allow, and what it logs of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from rich.console import Console
from wyoming.error import Error

from benchmarks.common.servers import Target
from benchmarks.robustness.__main__ import assigned, attacks, without_outsiders
from benchmarks.robustness.attack import AttackRun, carry_out
from benchmarks.robustness.attacks.foreign_clients import CONNECTIONS_PER_S, FOREIGN_CLIENTS
from benchmarks.robustness.bystander import Notices
from benchmarks.robustness.robust_servers import Choice
from benchmarks.robustness.robustness_report import print_remarks
from benchmarks.robustness.trial import MemoryUse, Trial, log_size
from wyoming_voice_stack.protocol.framing import encode

REFUSAL = encode(Error(text="10.0.0.1 is not allowed.", code="not-allowed").event())
NAME = FOREIGN_CLIENTS[0].name
WANTED = attacks(["none", NAME])


@pytest.mark.parametrize(("answer", "kind"), [(REFUSAL, "refused"), (b"info", "not refused")])
async def test_refusals_are_counted(answer: bytes, kind: str) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        run = AttackRun("127.0.0.1", server.sockets[0].getsockname()[1], "asr", seconds=0.5)
        await carry_out(FOREIGN_CLIENTS[0], run)
    assert set(run.counts) == {"connections", kind}
    assert 1 <= run.counts[kind] <= 0.6 * CONNECTIONS_PER_S


def test_outsiders_attack_a_server_that_does_not_allow_them() -> None:
    def opened(_: Path) -> AbstractContextManager[Target]:
        return nullcontext(Target("open", "127.0.0.1", 1))

    def closed(_: Path) -> AbstractContextManager[Target]:
        return nullcontext(Target("closed", "127.0.0.1", 2))

    given, ours = Choice("server", opened), Choice("ours", opened, closed)
    found = [
        (choice.name, choice.start is closed, [attack.name for attack in its_attacks])
        for choice, its_attacks in assigned([given, ours], WANTED)
    ]
    assert found == [
        ("server", False, ["none", NAME]),
        ("ours", False, ["none"]),
        ("ours", True, [NAME]),
    ]


@pytest.mark.parametrize("source", [None, "127.0.0.2"])
def test_loopback_addresses_are_no_outsiders(source: str | None) -> None:
    console = Console(record=True, width=200)
    assert [attack.name for attack in without_outsiders(WANTED, source, console)] == ["none"]
    assert f"Not run, because servers allow all loopback addresses: {NAME}." in (
        console.export_text()
    )
    assert without_outsiders(WANTED, "10.0.0.1", console) == WANTED


def test_the_log_of_a_process_is_measured(tmp_path: Path) -> None:
    log_path = tmp_path / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=log
        )
    log_path.write_bytes(b"1234")
    assert log_size(process.pid) == 4
    process.communicate(b"\n")
    assert log_size(process.pid) is None
    assert log_size(None) is None


def test_a_log_that_is_no_file_has_no_size() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert log_size(process.pid) is None
    process.communicate(b"\n")


def test_the_growth_of_the_log_is_printed() -> None:
    console = Console(record=True, width=200)
    one = Trial(NAME, "ours", Notices(), MemoryUse(), lives=True, note="3 refused", log_bytes=2173)
    print_remarks([one], console)
    assert "ours: 3 refused; the log grew by 2173 bytes" in console.export_text()
