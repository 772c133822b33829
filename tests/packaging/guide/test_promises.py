"""Each promise of the deployment guide has a test in this folder."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tests.packaging.guide.promises import MACHINES, Promise, promises

FOLDER = Path(__file__).parent
PROMISES = promises()
IDS = {promise.id for promise in PROMISES}
OF_THE_LAYOUT = 16
OF_THE_GUIDE = 92


def held() -> Iterator[tuple[str, str]]:
    """The promises that the tests of this folder hold, and the section of each test's file."""
    for path in sorted(FOLDER.glob("test_guide_*.py")):
        module = import_module(f"{__package__}.{path.stem}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                for each in vars(test)["promises"]:
                    yield each, path.stem.removeprefix("test_guide_")


HELD = list(held())


def test_the_table_has_every_promise_once() -> None:
    sections = Counter(promise.section for promise in PROMISES)
    assert sections["layout"] == OF_THE_LAYOUT
    assert sections.total() == OF_THE_LAYOUT + OF_THE_GUIDE
    assert len(IDS) == len({promise.text for promise in PROMISES}) == len(PROMISES)
    for section, count in sections.items():
        numbers = [p.id.rpartition("-")[2] for p in PROMISES if p.section == section]
        assert numbers == [str(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_a_promise_is_held(promise: Promise) -> None:
    assert promise.text.endswith(".")
    assert promise.needs in {"", *MACHINES}
    assert {file for each, file in HELD if each == promise.id} == {promise.section}


def test_no_test_holds_what_is_not_promised() -> None:
    assert {each for each, _ in HELD} <= IDS
