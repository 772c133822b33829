"""The models that the web page lists, fetches and deletes: those on disk, and those that can be fetched."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from wyoming_voice_stack.asr.onnx.layouts import is_onnx_recognizer
from wyoming_voice_stack.errors import (
    ModelError,
    RequestError,
    StorageError,
    UnknownModel,
)
from wyoming_voice_stack.http.page.page_events import FetchProgress
from wyoming_voice_stack.http.page.sections.model_routes import ModelState, ShownModel
from wyoming_voice_stack.models.store import ModelStore, StoredModel, size_on_disk
from wyoming_voice_stack.server.assembly.model_downloads import ModelDownloads
from wyoming_voice_stack.server.assembly.references.model_references import (
    Weights,
    require_installed,
    weights_of,
)
from wyoming_voice_stack.server.assembly.references.offered_models import (
    OfferedModel,
    local_files,
    model_folders,
    offered_models,
)

_LOGGER = logging.getLogger(__name__)

_REMOVED = ".removed-"
_ELSEWHERE = "elsewhere:"
"""Before the name of a model outside of MODELS_DIR, so that it is not taken for another one."""


class DiskShelf:
    """The models below MODELS_DIR. Thread-safe; only names that are listed are fetched or deleted."""

    def __init__(
        self,
        store: ModelStore,
        mode: str,
        references: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> None:
        """`references` has the shown name of each model in use by its name in the settings."""
        self._store = store
        self._mode = mode
        self._environ = environ
        self._references = references
        self._offered = offered_models(mode)
        self._active = model_folders(references)
        self._deleting = threading.Lock()
        self._downloads = ModelDownloads(store.root, self._locate)

    def models(self) -> list[ShownModel]:
        """Return the models on disk, and those that can be fetched."""
        installed = self._installed()
        shown = [
            self._shown(offer, installed.pop(offer.hub.directory, None))
            for offer in self._offered.values()
        ]
        others = [
            self._other(stored) for stored in installed.values() if self._is_ours(stored.path)
        ]
        folders = {model.id for model in others}
        folders |= {offer.hub.directory for offer in self._offered.values()}
        others += self._elsewhere(folders)
        return sorted([*others, *shown], key=lambda model: model.state == "remote")

    def fetch(self, model_id: str) -> None:
        """Start to fetch a model.

        Raises:
            UnknownModel: it is not offered.
            RequestError: something has to be done first, such as accepting a licence.
            Busy: too many models are being fetched.
        """
        offer = self._offered.get(model_id)
        if offer is None:
            raise UnknownModel(f"Unknown model {model_id!r:.200}.")
        needs = self._needs(offer)
        if needs is not None:
            raise RequestError(needs)
        self._downloads.start(model_id, offer.hub.directory)

    def remove(self, model_id: str) -> None:
        """Cancel the fetching of a model, or delete it from the disk.

        Raises:
            UnknownModel: no such model is on disk.
            RequestError: the server uses it.
            StorageError: it cannot be deleted.
        """
        if self._downloads.cancel(model_id):
            return
        with self._deleting:
            self._delete(model_id)

    def fetches(self) -> tuple[FetchProgress, ...]:
        """Return how far the last downloads are."""
        return self._downloads.progress()

    def _locate(self, model_id: str, store: ModelStore) -> None:
        self._weights(model_id, store).locate()

    def _weights(self, model_id: str, store: ModelStore) -> Weights:
        is_tts = self._mode == "tts"
        return weights_of(model_id, store, environ=self._environ, text_to_speech=is_tts)

    def _needs(self, offer: OfferedModel) -> str | None:
        try:
            require_installed(self._weights(offer.id, self._store))
        except ModelError as error:
            return str(error)
        return None

    def _delete(self, model_id: str) -> None:
        model = next((each for each in self.models() if each.id == model_id), None)
        if model is None or model.state == "remote":
            raise UnknownModel(f"The model {model_id!r:.200} is not on this server.")
        if not model.can_delete:
            raise RequestError(
                f"The server uses {model.name}. Set another model before you delete it."
            )
        offer = self._offered.get(model_id)
        folder = self._store.root / (offer.hub.directory if offer else model_id)
        hidden = folder.with_name(f"{_REMOVED}{folder.name}")
        try:
            # In one step, so that no server finds half of it.
            shutil.rmtree(hidden, ignore_errors=True)
            folder.rename(hidden)
            shutil.rmtree(hidden)
        except OSError as error:
            raise StorageError(
                f"{model.name} cannot be deleted ({error.strerror}). Give the server's user write access"
                " to MODELS_DIR."
            ) from error
        _LOGGER.info("%s was deleted through the web page", model.name)

    def _installed(self) -> dict[str, StoredModel]:
        try:
            return {stored.path.name: stored for stored in self._store.installed()}
        except (ModelError, OSError) as error:
            _LOGGER.warning("The models on disk cannot be listed: %s", error)
            return {}

    def _shown(self, offer: OfferedModel, stored: StoredModel | None) -> ShownModel:
        complete = offer.hub.stored(self._store.root) is not None
        active = self._is_active(offer.hub.directory)
        state: ModelState = "on-disk" if complete else "remote"
        if self._downloads.is_running(offer.id):
            state = "fetching"
        return ShownModel(
            id=offer.id,
            name=offer.name,
            size_bytes=stored.size_bytes if stored is not None and complete else offer.size_bytes,
            languages=offer.languages,
            licence=offer.licence,
            state=state,
            active=active,
            can_delete=complete and not active,
            needs=self._needs(offer),
        )

    def _other(self, stored: StoredModel) -> ShownModel:
        active = self._is_active(stored.path.name)
        return ShownModel(
            id=stored.path.name,
            name=stored.name,
            size_bytes=stored.size_bytes,
            languages=(),
            licence="",
            state="on-disk",
            active=active,
            can_delete=not active,
            needs=None,
        )

    def _elsewhere(self, listed: set[str]) -> Iterator[ShownModel]:
        """The models in use whose files are in none of the `listed` folders below MODELS_DIR."""
        for reference, name in self._references.items():
            try:
                path = local_files(reference, self._store)
                if path is None or self._folder_of(path) in listed:
                    continue
                size_bytes = size_on_disk(path)
            except (ModelError, OSError) as error:
                _LOGGER.warning("The files of %s cannot be found: %s", name, error)
                continue
            yield ShownModel(
                id=f"{_ELSEWHERE}{name}",
                name=name,
                size_bytes=size_bytes,
                languages=(),
                licence="",
                state="on-disk",
                active=True,
                can_delete=False,
                needs=None,
            )

    def _folder_of(self, path: Path) -> str | None:
        """Return the folder directly below MODELS_DIR that contains a path."""
        root = self._store.root
        # As written, and without links: either of them may be one.
        for inner, outer in ((path.absolute(), root.absolute()), (path.resolve(), root.resolve())):
            if inner.is_relative_to(outer) and inner != outer:
                return inner.relative_to(outer).parts[0]
        return None

    def _is_active(self, folder: str) -> bool:
        used = {path.name for path in self._store.used_folders()}
        return folder in self._active or folder in used

    def _is_ours(self, folder: Path) -> bool:
        """Return whether a model is of this server's kind; the other server may use the same folder."""
        if self._mode == "asr":
            return (folder / "model.bin").is_file() or is_onnx_recognizer(folder)
        if is_onnx_recognizer(folder):
            return False
        voices = (path for kind in ("*.onnx", "*.pth") for path in folder.rglob(kind))
        return any(path.is_file() for path in voices)
