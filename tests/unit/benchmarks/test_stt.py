"""The speech-to-text benchmark counts right: texts, word errors, failures, use of the machine."""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.feeding import Answer
from benchmarks.processes import cpu_seconds, memory
from benchmarks.recorded import half_of, prompts
from benchmarks.report import summary_table, write_json
from benchmarks.room import in_a_room
from benchmarks.scoring import WordErrors, percentile, total, word_errors, words
from benchmarks.servers import NoServer, Target, at_uri
from benchmarks.summary import ratios, summarise
from benchmarks.turns import Measured

LISTING = """\ufeff; Core Sounds

vm-delete: Press 7 to delete this message.
dir-usingkeypad: ... using your touchtone keypad.  Use the 7 key.
vm-login: Casella di posta? Digitare il numero.
goodbye: Goodbye.
vm-duration: This message lasts ...
beeperr: an error beep tone
silence/4: four seconds of silence
at: at the sign [@]
vm-intro: Leave a message. (simple tone sound plays)
confbridge-join: <beep ascending> and a name
dictate/both_help: press * to pause the dictation
spy-misdn: M I S D N
conf-full: La conferenza ? piena di gente.
at-tone-time-exactly: Il tempo sar? esattamente questo qui.
vm-tempremoved: Il messaggio è stato eliminato vm-then-pound: poi premere cancelletto
"""


def test_only_plain_speech_is_taken() -> None:
    assert dict(prompts(LISTING.removeprefix("\ufeff"))) == {
        "vm-delete": "Press 7 to delete this message.",
        "dir-usingkeypad": "... using your touchtone keypad.  Use the 7 key.",
        "vm-login": "Casella di posta? Digitare il numero.",
    }


def test_halves_never_change() -> None:
    assert [half_of(name) for name in ("vm-delete", "dir-instr")] == ["unseen"] * 2
    assert [half_of(name) for name in ("agent-pass", "goodbye")] == ["tune"] * 2
    halves = [half_of(f"prompt-{number}") for number in range(1000)]
    assert set(halves) == {"tune", "unseen"}
    assert 450 < halves.count("tune") < 550


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("It's 15 o'clock.", "it\u2019s fifteen oclock", "en"),
        ("Press 1, 2, or 3", "press one two or three", "en"),
        ("the 21st floor", "The twenty-first floor!", "en"),
        ("1,000 people", "one thousand people", "en"),
        ("Appuyez sur 2 : l'été", "appuyez sur deux l ete", "fr"),
        ("Marque 7, contraseña", "marque siete contrasena", "es"),
        ("premere 15", "premere quindici", "it"),
        ("Нажмите 7 ещё", "нажмите семь еще", "ru"),
    ],
)
def test_the_same_words_in_other_letters(one: str, other: str, language: str) -> None:
    assert words(one, language) == words(other, language)


def test_long_digits_are_read_one_by_one() -> None:
    assert words("1" * 400, "en") == ["one"] * 400


def test_word_errors_are_counted() -> None:
    assert word_errors("press one to reply", "Press 1 to reply.", "en") == WordErrors(0, 4)
    assert word_errors("press one to reply", "press two reply now", "en") == WordErrors(3, 4)
    assert word_errors("press one to reply", "", "en") == WordErrors(4, 4)
    assert word_errors("press one to reply", "now press one to reply", "en") == WordErrors(1, 4)
    assert total([WordErrors(1, 4), WordErrors(2, 6)]).percent == pytest.approx(30)
    assert math.isnan(total([]).percent)
    with pytest.raises(ValueError, match="no words"):
        word_errors("...", "press", "en")


def test_percentiles_are_measured_values() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50) == 2.0
    assert percentile(list(map(float, range(1, 101))), 95) == 95.0
    assert percentile([1.0], 99) == 1.0
    assert percentile([1.0, math.inf], 95) == math.inf
    assert percentile([1.0, math.inf], 50) == 1.0
    assert math.isnan(percentile([], 50))


def test_the_room_is_quiet_and_always_the_same() -> None:
    speech = np.full(8000, 0.5, np.float32)
    heard = in_a_room(speech, "vm-delete", 0.7)
    assert len(heard) == 8000 + 11200
    level_dbfs = 20 * math.log10(float(np.sqrt(np.mean(np.square(heard[8000:])))))
    assert -66 < level_dbfs < -54
    assert 0 < float(np.abs(heard[:8000] - speech).max()) < 0.02
    assert np.array_equal(heard, in_a_room(speech, "vm-delete", 0.7))
    assert not np.array_equal(heard, in_a_room(speech, "vm-prev", 0.7))


def measured(server_name: str, *answers: Answer, cpu_s: float | None = None) -> Measured:
    return Measured("real-time", 2, server_name, answers, cpu_s, None)


def test_a_failure_is_in_every_figure(tmp_path: Path) -> None:
    said = {"a": "press one to reply", "b": "please hold the line"}
    good = Answer("a", 2.0, "Press 1 to reply", 0.25, late_s=(0.001, 0.002))
    bad = Answer("b", 2.0, failure="error busy: too many")
    ours = summarise(measured("ours", good, bad, cpu_s=1.0), said, "en")
    assert (ours.utterances, ours.failures, ours.p50_ms, ours.p95_ms) == (2, 1, 250, math.inf)
    assert ours.errors.percent == 50
    assert ours.cpu_per_audio_s == 0.25
    assert ours.late_p99_ms == 2
    table = summary_table([ours])
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[4:8] == ["1", "250", "never", "50.0"]
    write_json(tmp_path / "out.json", {}, [], [measured("ours", good, bad)], [ours], [], said)
    kept = json.loads((tmp_path / "out.json").read_text())
    assert [answer["waited_s"] for answer in kept["measured"][0]["answers"]] == [0.25, None]
    assert kept["summaries"][0]["p95_ms"] is None


def test_ratios_say_how_much_more_the_other_takes() -> None:
    said = {"a": "press one to reply"}
    ours = summarise(measured("ours", Answer("a", 2.0, said["a"], 0.5), cpu_s=1.0), said, "en")
    slower = Answer("a", 2.0, "press one to repay", 1.5)
    peer = summarise(measured("peer", slower, cpu_s=3.0), said, "en")
    (ratio,) = ratios([ours, peer], "ours", "peer")
    assert (ratio.p50, ratio.p95, ratio.cpu, ratio.wer_points) == (3, 3, 3, 25)
    assert math.isnan(ratio.memory)
    at_once = summarise(measured("ours", Answer("a", 2.0, said["a"], 0.0)), said, "en")
    (ratio,) = ratios([at_once, peer], "ours", "peer")
    assert ratio.p50 == math.inf


def test_partial_texts_have_columns_only_if_there_are_any() -> None:
    said = {"a": "press one to reply"}
    plain = summarise(measured("x", Answer("a", 1.0, "a b", 0.0)), said, "en")
    alike = Answer("a", 1.0, " a b", 0.0, pieces=("a", " b "))
    unlike = Answer("a", 1.0, "a b", 0.0, pieces=("a", " c", "d", "e"))
    partial = summarise(measured("x", alike, unlike), said, "en")
    assert (partial.pieces, partial.unlike) == (3, 1)
    assert len(summary_table([plain, partial]).columns) == len(summary_table([plain]).columns) + 2


async def test_what_children_use_is_counted() -> None:
    before = cpu_seconds(os.getpid())
    busy = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import time\nwhile time.process_time() < 0.3: pass\nprint()\ninput()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert busy.stdout is not None
    alone = memory(busy.pid)
    await busy.stdout.readline()
    assert cpu_seconds(os.getpid()) - before >= 0.25
    together = memory(os.getpid())
    assert 0 < alone.now_mb < together.now_mb <= together.peak_mb
    await busy.communicate(b"\n")
    assert cpu_seconds(os.getpid()) - before >= 0.25
    assert cpu_seconds(busy.pid) == 0


def test_a_uri_names_a_server() -> None:
    assert at_uri("tcp://localhost:10300", 7) == Target("server", "localhost", 10300, 7)
    for wrong in ("localhost:10300", "tcp://localhost", "unix:///run/x"):
        with pytest.raises(NoServer, match="tcp://HOST:PORT"):
            at_uri(wrong, None)
