"""A hub with the models of the tests, and the environment of a process that uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, Repository
from tests.support.fetching import VOICE_FILES, WHISPER_FILES


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    repositories = {
        "org/whisper": Repository(dict(WHISPER_FILES)),
        "org/voices": Repository(dict(VOICE_FILES)),
        "org/gated": Repository({"model.bin": b"x"}, gated=True),
    }
    with FakeHub(repositories) as running:
        yield running


@pytest.fixture
def environ(hub: FakeHub, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    kept.pop("HF_HUB_OFFLINE", None)
    mine = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    return kept | mine
