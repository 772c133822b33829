"""Asking the hub for a model at start: a refusal is an error, and a hub that cannot be asked is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, Repository
from wyoming_voice_stack.models.store import HubModel

# The hub's library reads its environment once, when imported: so in a process of its own.
ASK = """
import sys
from pathlib import Path
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.models import fetch
from wyoming_voice_stack.models.store import HubModel
root, model, fetch.HUB_CHECK_S = sys.argv[1], sys.argv[2], float(sys.argv[3])
try:
    fetch.require_on_hub(eval(model), Path(root))
    print("OK")
except VoiceStackError as error:
    print(type(error).__name__, error.exit_status, error)
"""


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    repositories = {
        "org/whisper": Repository({"config.json": b"{}", "model.bin": b"x"}),
        "org/gated": Repository({"model.bin": b"x"}, gated=True),
    }
    with FakeHub(repositories) as running:
        yield running


def ask(hub: FakeHub, root: Path, model: HubModel, wait_s: float = 60, **environ: str) -> str:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        kept.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(root), repr(model), str(wait_s)],
        env=kept | {"HF_ENDPOINT": hub.url, "HF_HOME": str(root / "hf")} | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (HubModel("org/whisper", required=("model.bin",)), "OK"),
        (HubModel("org/none"), "ModelNotFound 69 the hub has no org/none at revision main"),
        (HubModel("org/gated"), "ModelNotFound 69 org/gated is available only to users who"),
        (
            HubModel("org/whisper", required=("tokenizer.json",)),
            "ModelNotFound 69 org/whisper at revision main does not have tokenizer.json on the hub",
        ),
    ],
)
def test_what_the_hub_says(hub: FakeHub, tmp_path: Path, model: HubModel, said: str) -> None:
    answer = ask(hub, tmp_path, model)
    assert answer.startswith(said)
    assert "\n" not in answer
    assert set(hub.requests) == {"GET revision"}


def test_a_hub_that_cannot_be_asked(hub: FakeHub, tmp_path: Path) -> None:
    missing = HubModel("org/none")
    assert ask(hub, tmp_path, missing, HF_HUB_OFFLINE="1") == "OK"
    assert ask(hub, tmp_path, missing, HF_ENDPOINT="http://127.0.0.1:9") == "OK"
    assert not hub.requests
    hub.repositories["org/whisper"].silent = True
    assert ask(hub, tmp_path, HubModel("org/whisper", required=("no",)), wait_s=0.1) == "OK"


def test_a_model_that_is_stored_is_not_asked_for(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "org--none").mkdir()
    assert ask(hub, tmp_path, HubModel("org/none")) == "OK"
    assert not hub.requests
