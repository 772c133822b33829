from __future__ import annotations

import errno
import http.server
import io
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import spoken, vits_source
from wyoming_voice_stack.errors import DiskFull, ModelCorrupt, ModelError, ModelNotFound
from wyoming_voice_stack.models import transfer
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.coqui import download as coqui_models
from wyoming_voice_stack.tts.engines.coqui.download import (
    fetch_coqui,
    language_of,
    stored_coqui,
    voice_name,
)

NAME = "tts_models/de/thorsten/vits"
HELLO = SynthesisRequest("guten morgen zusammen", "de")


class Archive(http.server.BaseHTTPRequestHandler):
    address = ""
    content = b""
    status = 200
    asked = 0
    ends_early = False
    """Closes the connection after half of the content."""
    continued_at: tuple[str, ...] = ()

    def do_GET(self) -> None:
        kind = type(self)
        kind.asked += 1
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        content = self.content[start:]
        self.send_response(206 if start else self.status)
        if start:
            kind.continued_at += (f"{start}",)
            size = len(self.content)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.ends_early else content)

    def log_message(self, *_: object) -> None:
        pass


def unfinished(root: Path) -> list[str]:
    """What is left of downloads, without the locks."""
    return [path.name for path in (root / ".partial").iterdir() if path.suffix != ".lock"]


def zipped(folder: Path, inside: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"{inside}{path.name}")
    return content.getvalue()


class TestNames:
    @pytest.mark.parametrize(
        ("reference", "voice_and_language"),
        [
            ("tts_models/de/thorsten/vits", ("thorsten-vits", "de")),
            ("tts_models/en/ljspeech/vits--neon", ("ljspeech-vits-neon", "en")),
            ("tts_models/hau/openbible/vits", ("openbible-vits", "ha")),
            ("tts_models/tw_akuapem/openbible/vits", ("openbible-vits", "tw")),
            ("tts_models/zh-CN/baker/vits", ("baker-vits", "zh-CN")),
            ("tts_models/multilingual/multi-dataset/your_tts", ("multi-dataset-your_tts", None)),
            ("/models/tts_models--fr--css10--vits", ("css10-vits", "fr")),
            ("/models/my voice", ("my voice", None)),
        ],
    )
    def test_tell_voice_and_language(
        self, reference: str, voice_and_language: tuple[str, str | None]
    ) -> None:
        assert (voice_name(reference), language_of(reference)) == voice_and_language

    def test_are_folders_once_fetched(self, tmp_path: Path) -> None:
        assert stored_coqui(NAME, tmp_path) is None
        (tmp_path / "tts_models--de--thorsten--vits").mkdir()
        assert stored_coqui(NAME, tmp_path) == tmp_path / "tts_models--de--thorsten--vits"


class TestFetching:
    @pytest.fixture
    def served(self) -> Iterator[type[Archive]]:
        class Fresh(Archive):
            pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fresh) as server:
            serving = threading.Thread(target=server.serve_forever, args=(0.02,))
            serving.start()
            Fresh.address = f"http://127.0.0.1:{server.server_port}/model.zip"
            yield Fresh
            server.shutdown()
            serving.join()

    @pytest.fixture
    def catalogue(self, served: type[Archive], tmp_path: Path) -> Path:
        path = tmp_path / "catalogue.json"
        thorsten = {"vits": {"github_rls_url": served.address, "default_vocoder": None}}
        path.write_text(json.dumps({"tts_models": {"de": {"thorsten": thorsten}}}))
        return path

    @pytest.mark.parametrize("inside", ["", "tts_models--de--thorsten--vits/"])
    def test_a_downloaded_model_can_be_loaded(
        self,
        served: type[Archive],
        catalogue: Path,
        vits_folder: Path,
        tmp_path: Path,
        inside: str,
    ) -> None:
        served.content = zipped(vits_folder, inside)
        root = tmp_path / "models"
        folder = fetch_coqui(NAME, root, catalogue)
        assert folder == stored_coqui(NAME, root)
        assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model_file.pth"]
        assert fetch_coqui(NAME, root, catalogue) == folder
        assert served.asked == 1
        assert unfinished(root) == []
        engine = vits_source(folder, NAME).load()
        assert len(spoken(engine, HELLO))
        engine.close()

    def test_continues_where_it_stopped(
        self,
        served: type[Archive],
        catalogue: Path,
        vits_folder: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(transfer, "RETRY_PAUSES_S", ())
        served.content = zipped(vits_folder, "")
        served.ends_early = True
        with pytest.raises(ModelNotFound, match="the connection ended after"):
            fetch_coqui(NAME, tmp_path, catalogue)
        assert unfinished(tmp_path) == ["tts_models--de--thorsten--vits"]
        served.ends_early = False
        reports: list[tuple[int, int]] = []
        folder = fetch_coqui(NAME, tmp_path, catalogue, lambda *report: reports.append(report))
        assert served.continued_at == (str(len(served.content) // 2),)
        assert (folder / "config.json").read_bytes() == (vits_folder / "config.json").read_bytes()
        assert reports[-1] == (len(served.content), 0)
        assert unfinished(tmp_path) == []

    @pytest.mark.parametrize(
        ("status", "content", "error"),
        [
            (404, b"", ModelNotFound),
            (200, b"no archive", ModelCorrupt),
            (200, b"", ModelCorrupt),
        ],
    )
    def test_leaves_nothing_after_a_failure(
        self,
        served: type[Archive],
        catalogue: Path,
        tmp_path: Path,
        status: int,
        content: bytes,
        error: type[Exception],
    ) -> None:
        served.status, served.content = status, content
        with pytest.raises(error, match="thorsten"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)
        assert stored_coqui(NAME, tmp_path / "models") is None
        assert unfinished(tmp_path / "models") == []

    def test_refuses_an_archive_without_a_model(
        self, served: type[Archive], catalogue: Path, vits_folder: Path, tmp_path: Path
    ) -> None:
        only = tmp_path / "only"
        only.mkdir()
        shutil.copy(vits_folder / "config.json", only)
        served.content = zipped(only, "")
        with pytest.raises(ModelCorrupt, match="contains no model"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)

    def test_large_archives_are_refused(
        self,
        served: type[Archive],
        catalogue: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(coqui_models, "MAX_ARCHIVE_BYTES", 1000)
        served.content = bytes(1001)
        with pytest.raises(ModelCorrupt, match="exceeds the size limit"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("model.pth", bytes(5000))
        served.content = packed.getvalue()
        with pytest.raises(ModelCorrupt, match=r"archive of .* exceeds"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)

    def test_reports_a_missing_network(self, tmp_path: Path) -> None:
        catalogue = tmp_path / "catalogue.json"
        entry = {"github_rls_url": "http://127.0.0.1:9/model.zip"}
        catalogue.write_text(json.dumps({"tts_models": {"de": {"thorsten": {"vits": entry}}}}))
        with pytest.raises(ModelNotFound, match="copy the model's folder"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)

    def test_reports_a_folder_that_is_not_writable(self, catalogue: Path, tmp_path: Path) -> None:
        (tmp_path / "models").write_text("a file")
        with pytest.raises(ModelError, match="MODELS_DIR"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)

    def test_reports_a_full_disk(
        self, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(coqui_models, "_download", full)
        with pytest.raises(DiskFull, match="Free some space"):
            fetch_coqui(NAME, tmp_path / "models", catalogue)

    @pytest.mark.model
    @pytest.mark.parametrize(
        ("name", "advice"),
        [
            ("tts_models/de/thorsten/nothing", "Use a name such as"),
            ("nonsense", "Use a name such as"),
            ("tts_models/de", "cannot be fetched|VITS"),
            ("tts_models/en/ljspeech/glow-tts", "ends in vits"),
            ("tts_models/multilingual/multi-dataset/xtts_v2", "ends in vits"),
        ],
    )
    def test_refuses_other_names(self, tmp_path: Path, name: str, advice: str) -> None:
        with pytest.raises(ModelNotFound, match=advice):
            fetch_coqui(name, tmp_path)

    @pytest.mark.model
    def test_the_bundled_catalogue_has_the_usual_models(self) -> None:
        address = coqui_models._address(NAME, coqui_models._bundled_catalogue())
        assert address.startswith("https://")
        assert address.endswith("tts_models--de--thorsten--vits.zip")
