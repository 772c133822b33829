from __future__ import annotations

import os
from pathlib import Path

import pytest

from wyoming_voice_stack.tts import voices as voices_module
from wyoming_voice_stack.tts.voices import read_voices


def test_files_and_folders_of_takes(tmp_path: Path) -> None:
    for name in ("anna.wav", "BERT.WAV", "clara.flac", ".hidden.wav", "notes.txt", "d.mp3.part"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "dora").mkdir()
    for name in ("2.wav", "1.mp3", ".DS_Store", "text.md"):
        (tmp_path / "dora" / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.wav").write_bytes(b"x")
    voices = read_voices(tmp_path)
    assert {name: [path.name for path in voice.paths] for name, voice in voices.items()} == {
        "BERT": ["BERT.WAV"],
        "anna": ["anna.wav"],
        "clara": ["clara.flac"],
        "dora": ["1.mp3", "2.wav"],
    }


def test_no_folder_has_no_voices(tmp_path: Path) -> None:
    assert read_voices(tmp_path / "nothing") == {}
    (tmp_path / "file").write_bytes(b"")
    assert read_voices(tmp_path / "file") == {}


def test_fingerprint_changes_with_the_recordings(tmp_path: Path) -> None:
    (tmp_path / "anna").mkdir()
    take = tmp_path / "anna" / "1.wav"
    take.write_bytes(b"one")
    seen = {read_voices(tmp_path)["anna"].fingerprint}
    assert read_voices(tmp_path)["anna"].fingerprint in seen
    os.utime(take, ns=(1, 1))
    seen.add(read_voices(tmp_path)["anna"].fingerprint)
    (tmp_path / "anna" / "2.wav").write_bytes(b"two")
    seen.add(read_voices(tmp_path)["anna"].fingerprint)
    take.unlink()
    seen.add(read_voices(tmp_path)["anna"].fingerprint)
    assert len(seen) == 4


def test_recording_that_is_there_twice_is_a_voice_once(tmp_path: Path) -> None:
    (tmp_path / "anna.wav").write_bytes(b"x")
    (tmp_path / "anna.mp3").write_bytes(b"x")
    assert list(read_voices(tmp_path)) == ["anna"]


def test_name_that_is_not_utf_8_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "anna.wav").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/j\xfcrgen.wav")).write_bytes(b"x")
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe" / "1.wav").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/zoe/\xfc.wav")).write_bytes(b"x")
    voices = read_voices(tmp_path)
    assert list(voices) == ["anna", "zoe"]
    assert len(voices["zoe"].paths) == 1


def test_recording_that_goes_away_meanwhile_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "bert", "clara"):
        (tmp_path / f"{name}.wav").write_bytes(b"x")
    real = voices_module._fingerprint

    def fingerprint(takes: tuple[Path, ...]) -> str:
        if takes[0].stem == "bert":
            takes[0].unlink()
        return real(takes)

    monkeypatch.setattr(voices_module, "_fingerprint", fingerprint)
    assert list(read_voices(tmp_path)) == ["anna", "clara"]


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices_module, "MAX_VOICES", 2)
    monkeypatch.setattr(voices_module, "MAX_TAKES", 1)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for take in ("1.wav", "2.wav"):
            (tmp_path / name / take).write_bytes(b"x")
    voices = read_voices(tmp_path)
    assert [(name, len(voice.paths)) for name, voice in voices.items()] == [("a", 1), ("b", 1)]
