"""Downloads that the page has asked for, which the test controls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.model_folders import Downloads, by_id, ended, shelf
from wyoming_voice_stack.asr.whisper.catalogue import hub_model
from wyoming_voice_stack.errors import (
    Busy,
    DiskFull,
)
from wyoming_voice_stack.models.hub_model import PARTIAL
from wyoming_voice_stack.models.partial_downloads import locked
from wyoming_voice_stack.server.assembly import model_downloads
from wyoming_voice_stack.server.assembly.model_downloads import MAX_FETCHES


def test_a_download_tells_how_far_it_is(tmp_path: Path, downloads: Downloads) -> None:
    found = shelf(tmp_path)
    found.fetch("base")
    downloads.wait_for("base")
    [fetch] = found.fetches()
    assert (fetch.id, fetch.state, fetch.bytes, fetch.total) == ("base", "fetching", 5, 10)
    assert by_id(found)["base"].state == "fetching"
    # A second click is no second download.
    found.fetch("base")
    downloads.go_on.set()
    ended(found)
    [fetch] = found.fetches()
    assert (fetch.state, fetch.bytes) == ("done", 10)


def test_a_download_is_cancelled(tmp_path: Path, downloads: Downloads) -> None:
    found = shelf(tmp_path)
    found.fetch("base")
    downloads.wait_for("base")
    found.remove("base")
    assert [fetch.state for fetch in found.fetches()] == ["cancelled"]
    downloads.go_on.set()
    ended(found)
    [fetch] = found.fetches()
    assert (fetch.state, fetch.detail) == ("cancelled", "")


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_cancelled_download_leaves_nothing_and_a_failed_one_what_has_arrived(
    tmp_path: Path, downloads: Downloads, *, cancelled: bool
) -> None:
    hub = hub_model("base")
    assert hub is not None
    arrived = tmp_path / PARTIAL / hub.directory / "model.bin.part"
    arrived.parent.mkdir(parents=True)
    arrived.write_bytes(b"half of it")
    other = arrived.parent.with_name("of-another")
    other.mkdir()
    found = shelf(tmp_path)
    downloads.error = DiskFull("base needs 1 MB, but only 0 MB are free")
    found.fetch("base")
    downloads.wait_for("base")
    if cancelled:
        found.remove("base")
    downloads.go_on.set()
    ended(found)
    assert arrived.parent.exists() is not cancelled
    assert other.exists()


def test_a_cancelled_download_leaves_it_to_a_process_that_goes_on(
    tmp_path: Path, downloads: Downloads
) -> None:
    hub = hub_model("base")
    assert hub is not None
    found = shelf(tmp_path)
    found.fetch("base")
    downloads.wait_for("base")
    with locked(tmp_path, hub.directory, "base") as collected:
        collected.mkdir()
        found.remove("base")
        downloads.go_on.set()
        ended(found)
        assert collected.is_dir()


def test_a_failure_says_why(tmp_path: Path, downloads: Downloads) -> None:
    found = shelf(tmp_path)
    downloads.error = DiskFull("base needs 1 MB, but only 0 MB are free")
    downloads.go_on.set()
    found.fetch("base")
    ended(found)
    [fetch] = found.fetches()
    assert (fetch.state, fetch.detail) == ("failed", "base needs 1 MB, but only 0 MB are free")
    # And it can be tried again.
    downloads.error = None
    found.fetch("base")
    ended(found)
    assert [fetch.state for fetch in found.fetches()] == ["done"]


def test_the_last_downloads_are_shown(
    tmp_path: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_downloads, "MAX_KEPT_FETCHES", 2)
    downloads.go_on.set()
    found = shelf(tmp_path)
    shown = []
    for name in ("tiny", "base", "tiny", "small"):
        found.fetch(name)
        ended(found)
        shown.append([fetch.id for fetch in found.fetches()])
    assert shown == [["tiny"], ["tiny", "base"], ["base", "tiny"], ["tiny", "small"]]


def test_downloads_are_bounded(tmp_path: Path, downloads: Downloads) -> None:
    found = shelf(tmp_path)
    names = ("tiny", "base", "small")
    for name in names[:MAX_FETCHES]:
        found.fetch(name)
        downloads.wait_for(name)
    with pytest.raises(Busy):
        found.fetch(names[MAX_FETCHES])
    # A cancelled one counts until it has ended.
    found.remove(names[0])
    with pytest.raises(Busy):
        found.fetch(names[MAX_FETCHES])
    downloads.go_on.set()
    ended(found)
    found.fetch(names[MAX_FETCHES])
    ended(found)
