"""The options of the text-to-speech benchmark, and its plans."""

from __future__ import annotations

import pytest

from benchmarks.tts import __main__ as tts
from benchmarks.tts.generated_texts import LENGTHS, Texts


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
