"""Models on disk, as the page lists them, and downloads that the test controls."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.asr.whisper.catalogue import MODEL_REQUIRED, hub_model
from wyoming_voice_stack.errors import (
    VoiceStackError,
)
from wyoming_voice_stack.http.page.sections.model_routes import ShownModel
from wyoming_voice_stack.models.store import ModelStore, shown_name
from wyoming_voice_stack.server.assembly.model_shelf import DiskShelf
from wyoming_voice_stack.server.assembly.references.model_references import Weights


class Downloads:
    """Replaces the downloads: each one waits for `go_on`, and reports once before and once after."""

    def __init__(self) -> None:
        self.begun: dict[str, threading.Event] = {}
        self.go_on = threading.Event()
        self.error: VoiceStackError | None = None

    def weights_of(self, name: str, store: ModelStore, **_: object) -> Weights:
        def locate() -> Path:
            assert store.progress is not None
            store.progress(5, 10)
            self.begun.setdefault(name, threading.Event()).set()
            assert self.go_on.wait(WAIT_SECONDS)
            store.progress(10, 10)
            if self.error is not None:
                raise self.error
            return store.root

        return Weights("whisper", name, lambda: None, locate)

    def wait_for(self, name: str) -> None:
        assert self.begun.setdefault(name, threading.Event()).wait(WAIT_SECONDS)


def whisper(root: Path, name: str = "base", *, missing: str = "") -> Path:
    hub = hub_model(name)
    assert hub is not None
    folder = root / hub.directory
    folder.mkdir(parents=True)
    for file in MODEL_REQUIRED:
        if file != missing:
            (folder / file).write_bytes(b"0123456789")
    return folder


def shelf(root: Path, mode: str = "asr", *references: str, **environ: str) -> DiskShelf:
    names = {reference: shown_name(reference) for reference in references}
    # In the home folder of whoever runs the tests, the licence of XTTS may have been accepted.
    return DiskShelf(ModelStore(root), mode, names, {"HOME": str(root)} | environ)


def by_id(found: DiskShelf) -> dict[str, ShownModel]:
    return {model.id: model for model in found.models()}


def ended(found: DiskShelf) -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("fetch "):
            thread.join(WAIT_SECONDS)
    assert all(fetch.state != "fetching" for fetch in found.fetches())
