"""Downloads that the web page has asked for, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from wyoming_voice_stack.errors import Abandoned, Busy, VoiceStackError
from wyoming_voice_stack.http.page.page_events import FetchProgress, FetchState
from wyoming_voice_stack.models.partial_downloads import discard
from wyoming_voice_stack.models.store import ModelStore

_LOGGER = logging.getLogger(__name__)

MAX_FETCHES = 2
"""Models that are fetched at the same time."""
MAX_KEPT_FETCHES = 16
"""Ended downloads whose result is still told."""


@dataclass
class _Fetch:
    """One download."""

    id: str
    folder: str
    """Name of the model's folder below MODELS_DIR."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    state: FetchState = "fetching"
    bytes: int = 0
    total: int = 0
    detail: str = ""

    def note(self, done_bytes: int, total_bytes: int) -> None:
        """Receive how far the download is.

        Raises:
            Abandoned: it was cancelled.
        """
        self.bytes, self.total = done_bytes, total_bytes
        if self.cancelled.is_set():
            raise Abandoned("The download was cancelled.")

    def progress(self) -> FetchProgress:
        """Return how far it is."""
        return FetchProgress(self.id, self.state, self.bytes, self.total, self.detail)


class ModelDownloads:
    """Starts, cancels and remembers downloads. Thread-safe."""

    def __init__(self, root: Path, locate: Callable[[str, ModelStore], None]) -> None:
        """`locate` fetches the model of this name with this store, whose folder is `root`."""
        self._root = root
        self._locate = locate
        self._lock = threading.Lock()
        self._fetches: dict[str, _Fetch] = {}
        self._running = 0

    def start(self, model_id: str, folder: str) -> None:
        """Start to fetch a model into a folder of this name, unless it is being fetched already.

        Raises:
            Busy: too many models are being fetched.
        """
        with self._lock:
            if self.is_running(model_id):
                return
            # One that was cancelled counts until its thread has noticed.
            if self._running >= MAX_FETCHES:
                raise Busy(f"{MAX_FETCHES} models are being fetched already. Wait for one of them.")
            fetch = _Fetch(model_id, folder)
            self._running += 1
            # Again at the end, so that the oldest ones are forgotten first.
            self._fetches.pop(model_id, None)
            self._fetches[model_id] = fetch
            self._forget_old()
        threading.Thread(
            target=self._run, args=(fetch,), name=f"fetch {model_id}", daemon=True
        ).start()

    def cancel(self, model_id: str) -> bool:
        """Cancel the download of a model; False if there is none. What has arrived is removed."""
        with self._lock:
            if not self.is_running(model_id):
                return False
            fetch = self._fetches[model_id]
            # Shown at once; the thread ends with the next bytes.
            fetch.cancelled.set()
            fetch.state = "cancelled"
            return True

    def is_running(self, model_id: str) -> bool:
        """Return whether a model is being fetched."""
        fetch = self._fetches.get(model_id)
        return fetch is not None and fetch.state == "fetching"

    def progress(self) -> tuple[FetchProgress, ...]:
        """Return how far the last downloads are."""
        with self._lock:
            return tuple(fetch.progress() for fetch in self._fetches.values())

    def _run(self, fetch: _Fetch) -> None:
        _LOGGER.info("%s is fetched on request of the web page", fetch.id)
        state, detail = self._outcome(fetch)
        if fetch.cancelled.is_set() and state != "done":
            state, detail = "cancelled", ""
            # After a failure it is kept, for the next attempt.
            discard(self._root, fetch.folder)
        with self._lock:
            self._running -= 1
            fetch.state, fetch.detail = state, detail
        if state == "failed":
            _LOGGER.warning("%s was not fetched: %s", fetch.id, detail)

    def _outcome(self, fetch: _Fetch) -> tuple[FetchState, str]:
        try:
            self._locate(fetch.id, ModelStore(self._root, progress=fetch.note))
        except VoiceStackError as error:
            return "failed", str(error)
        except Exception:
            # Libraries of the hub raise any error; the page must not wait for ever.
            _LOGGER.exception("%s was not fetched", fetch.id)
            return "failed", "The download failed; the server's log says more."
        return "done", ""

    def _forget_old(self) -> None:
        ended = [each.id for each in self._fetches.values() if each.state != "fetching"]
        for model_id in ended[: max(0, len(self._fetches) - MAX_KEPT_FETCHES)]:
            del self._fetches[model_id]
