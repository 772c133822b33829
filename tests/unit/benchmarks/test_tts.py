"""The text-to-speech benchmark counts right: gaps, figures, failures, ratios, texts."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import tts, tts_servers
from benchmarks.processes import Memory
from benchmarks.servers import NoServer, answering
from benchmarks.tts_feeding import Reply
from benchmarks.tts_player import Arrival, Gaps, gaps
from benchmarks.tts_report import ratio_table, summary_table, write_json
from benchmarks.tts_servers import JOE, SENTENCE_PAUSE_MS, Options, peer_server
from benchmarks.tts_summary import Summary, ratios, summarise
from benchmarks.tts_texts import LENGTHS, Texts, TextsRanOut
from benchmarks.tts_turns import Measured
from tests.support.integration.servers import free_port


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([], Gaps()),
        ([(5.0, 1.0)], Gaps()),
        ([(0.0, 1.0), (0.0, 1.0), (2.0, 1.0)], Gaps()),
        ([(0.0, 1.0), (1.5, 1.0)], Gaps(1, 0.5, 0.5)),
        ([(0.0, 1.0), (1.5, 1.0), (2.0, 1.0), (3.75, 1.0)], Gaps(2, 0.75, 0.5)),
        # What came early makes up for what comes late afterwards, not before.
        ([(0.0, 1.0), (0.1, 3.0), (3.9, 1.0)], Gaps()),
        ([(0.0, 1.0), (2.0, 9.0), (3.0, 1.0)], Gaps(1, 1.0, 1.0)),
        # Nobody hears a few milliseconds, and yet they put off what follows.
        ([(0.0, 1.0), (1.005, 1.0), (2.01, 1.0)], Gaps()),
        ([(0.0, 1.0), (1.005, 1.0), (2.02, 1.0)], Gaps(1, 0.015, 0.015)),
    ],
)
def test_a_player_stops_where_the_next_piece_is_late(
    pieces: list[tuple[float, float]], found: Gaps
) -> None:
    heard = gaps(Arrival(at_s, seconds) for at_s, seconds in pieces)
    assert heard.count == found.count
    assert heard.total_s == pytest.approx(found.total_s)
    assert heard.largest_s == pytest.approx(found.largest_s)


def test_no_sentence_comes_twice_and_all_have_their_length() -> None:
    texts = Texts()
    taken = [texts.take(length) for length in LENGTHS for _ in range(100)]
    sentences = [sentence for text in taken for sentence in text.sentences]
    assert len(set(sentences)) == len(sentences)
    words = [[len(sentence.split()) for sentence in text.sentences] for text in taken]
    assert {tuple(counts) for counts in words[:100]} == {(4,), (5,)}
    assert words[100:200] == [[15]] * 100
    assert {len(counts) for counts in words[200:]} == {5, 6}
    assert {count for counts in words[200:] for count in counts} == {15}
    again = Texts()
    assert [again.take("short") for _ in range(100)] == taken[:100]
    assert [Texts(1).take("short") for _ in range(100)] != taken[:100]


def test_texts_end_with_an_error_and_no_repetition() -> None:
    texts = Texts()
    with pytest.raises(TextsRanOut, match="--limit"):
        _ = [texts.take("short") for _ in range(10_000)]


def said(first_s: float, *, sound_s: float = 2.0, late_s: float = 0.0) -> Reply:
    """A reply in two halves, to a text whose first sentence took 1 s to send, and all 3 s."""
    half_s = sound_s / 2
    second = first_s + half_s + late_s
    arrivals = (Arrival(first_s, half_s), Arrival(second, half_s))
    return Reply("text", 1.0, 3.0, second, arrivals, lead_s=0.02)


def measured(server: str, *replies: Reply, wall_s: float = 4.0, cpu_s: float = 1.0) -> Measured:
    return Measured(
        "streamed", "short", 2, server, replies, wall_s, cpu_s, Memory(100.0, 120.0), 0.01
    )


BROKEN = Reply("text", 1.0, 3.0, arrivals=(Arrival(1.1, 9.0),), failure="error busy: too many")


def test_sound_counts_from_the_sentence_and_from_the_text() -> None:
    found = summarise(measured("ours", said(1.25), said(3.5, late_s=0.5)))
    assert (found.first_p50_ms, found.first_p95_ms) == (250, 2500)
    assert (found.from_end_p50_ms, found.from_end_p95_ms) == (-1750, 500)
    assert (found.requests, found.failures, found.sound_s) == (2, 0, 2.0)
    assert found.speed == pytest.approx(2.0 / 5.0)
    assert found.speed_in_all == 1.0
    assert (found.gapped, found.gap_ms, found.largest_gap_ms) == (1, 500, 500)
    assert (found.cpu_per_sound_s, found.late_ms, found.lead_ms) == (0.25, 10, 20)


def test_a_failure_is_sound_that_never_came(tmp_path: Path) -> None:
    one = measured("ours", said(1.25), BROKEN, Reply("text", failure="not connected"))
    found = summarise(one)
    assert (found.requests, found.failures) == (3, 2)
    assert (found.first_p50_ms, found.first_p95_ms) == (math.inf, math.inf)
    assert (found.speed, found.speed_in_all) == (0, 0.5)
    assert found.sound_s == 2.0
    assert found.cpu_per_sound_s == 0.5
    table = summary_table([found])
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[4:8] == ["3", "2", "never", "never"]
    write_json(tmp_path / "out.json", {}, [], [one], [found])
    kept = json.loads((tmp_path / "out.json").read_text())
    assert kept["summaries"][0]["first_p50_ms"] is None
    assert kept["measured"][0]["replies"][1]["failure"] == BROKEN.failure


def test_nothing_but_failures_is_no_error() -> None:
    found = summarise(measured("ours", BROKEN))
    assert math.isnan(found.sound_s)
    assert found.cpu_per_sound_s == math.inf


def test_a_text_that_was_never_sent_is_never_answered() -> None:
    cut = Reply("text", math.inf, math.inf, failure="the connection was closed")
    assert summarise(measured("ours", cut)).first_p50_ms == math.inf


def figures(server: str, *replies: Reply) -> Summary:
    return summarise(measured(server, *replies, cpu_s=1.0 if server == "ours" else 3.0))


def test_ratios_say_how_much_more_the_other_takes() -> None:
    ours = figures("ours", said(1.5, late_s=0.25))
    peer = figures("peer", said(2.0, late_s=0.5))
    (ratio,) = ratios([ours, peer], "ours", "peer")
    assert (ratio.first_p50, ratio.first_p95, ratio.cpu, ratio.memory) == (2, 2, 3, 1)
    assert ratio.gap == pytest.approx(2)
    assert ratio.time == pytest.approx(3.5 / 2.75)
    (ratio,) = ratios([figures("ours", said(0.9)), peer], "ours", "peer")
    assert ratio.first_p50 == math.inf
    (ratio,) = ratios([ours, figures("peer", BROKEN)], "ours", "peer")
    assert (ratio.first_p50, ratio.time) == (math.inf, math.inf)
    (ratio,) = ratios([figures("ours", BROKEN), figures("peer", BROKEN)], "ours", "peer")
    assert math.isnan(ratio.first_p50)
    assert len(ratio_table([ratio], "ours", "peer").rows) == 1


def test_only_what_was_measured_alike_is_compared() -> None:
    ours = figures("ours", said(1.5))
    other = Measured("plain", "short", 2, "peer", (said(1.5),), 4.0, None, None, 0.0)
    assert not list(ratios([ours, summarise(other)], "ours", "peer"))


def test_arguments_have_defaults_and_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    options = tts.parser().parse_args([])
    assert tuple(options.clients) == (1, 4, 8, 16)
    assert tuple(options.scenarios) == ("plain", "streamed")
    assert tuple(options.lengths) == LENGTHS
    assert not any((options.peer, options.repeat, options.xtts))
    wrong = (
        *(["--clients", "0"], ["--limit", "none"], ["--words-per-second", "0"]),
        *(["--tokens", "-1"], ["--lengths", "novel"]),
    )
    for arguments in wrong:
        with pytest.raises(SystemExit):
            tts.parser().parse_args(arguments)
    assert "less than one" in capsys.readouterr().err


def test_every_scenario_is_planned_with_texts_of_its_own() -> None:
    options = tts.parser().parse_args(["--clients", "1", "3", "--limit", "4"])
    plans = list(tts.plans(options, Texts()))
    assert len(plans) == 2 * 3 * 2
    assert [len(one.rounds) for one in plans[:2]] == [4, 1]
    assert {len(each) for each in plans[1].rounds} == {3}
    texts = [script.text for one in plans for each in one.rounds for script in each]
    assert len(set(texts)) == len(texts)


def test_the_peer_is_told_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tts_servers, "environment_with", lambda *_: tmp_path / "venv")
    monkeypatch.setattr(tts_servers, "versions_in", lambda *_: "piper-tts 1")
    monkeypatch.setenv("WYOMING_PIPER_ARGS", "--debug")
    commands: list[list[str]] = []
    variables: dict[str, str] = {}

    @contextmanager
    def not_started(
        command: list[str], told: dict[str, str], port: int, folder: Path
    ) -> Iterator[SimpleNamespace]:
        commands.append(command)
        variables.update(told)
        yield SimpleNamespace(pid=7)

    monkeypatch.setattr(tts_servers, "answering", not_started)
    with peer_server(Options(JOE, 0), tmp_path, tmp_path, "--noise-scale 0.5") as target:
        assert (target.name, target.pid) == ("peer", 7)
    (command,) = commands
    told = dict(pairwise(command))
    assert told["--voice"] == "en_US-joe-medium"
    assert (Path(told["--data-dir"]) / "en_US-joe-medium.onnx").is_file()
    assert float(told["--sentence-silence"]) * 1000 == SENTENCE_PAUSE_MS
    assert command[-2:] == ["--noise-scale", "0.5"]
    assert "WYOMING_PIPER_ARGS" not in variables
    with (
        pytest.raises(NoServer, match="piper:VOICE"),
        peer_server(Options("tts_models/x", 0), tmp_path, tmp_path, ""),
    ):
        pass


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such voice')"]
    with (
        pytest.raises(NoServer, match="did not start: no such voice"),
        answering(command, {}, free_port(), tmp_path),
    ):
        pass
