from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path

import pytest

from wyoming_voice_stack.tts.voices.cloning import listing
from wyoming_voice_stack.tts.voices.cloning.listing import MAX_REMARKS, VoiceFile, list_recordings
from wyoming_voice_stack.tts.voices.folder import clone_source


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def listed(folder: Path) -> dict[str, list[str]]:
    voices = list_recordings(folder).voices
    return {name: [each.path.name for each in recordings] for name, recordings in voices.items()}


@pytest.mark.parametrize(
    ("files", "voices"),
    [
        (["anna.wav"], {"anna": ["anna.wav"]}),
        (["BERT.WAV", "clara.flac"], {"BERT": ["BERT.WAV"], "clara": ["clara.flac"]}),
        (["a.mp3", "b.ogg", "c.opus"], {"a": ["a.mp3"], "b": ["b.ogg"], "c": ["c.opus"]}),
        (["dora/2.wav", "dora/1.mp3", "dora/text.md"], {"dora": ["1.mp3", "2.wav"]}),
        ([".hidden.wav", "._anna.wav", "notes.txt", "d.mp3.part", ".git/x.wav"], {}),
        (["x.wav/1.wav"], {"x.wav": ["1.wav"]}),
        (["anna/2.wav/3.wav", "anna/1.wav"], {"anna": ["1.wav"]}),
        (["Anna.wav", "anna.wav"], {"Anna": ["Anna.wav"], "anna": ["anna.wav"]}),
        (["anna/.DS_Store"], {}),
    ],
)
def test_what_is_a_voice(tmp_path: Path, files: list[str], voices: dict[str, list[str]]) -> None:
    put(tmp_path, *files)
    assert listed(tmp_path) == voices


def test_no_folder_has_no_voices(tmp_path: Path) -> None:
    assert listed(tmp_path / "nothing") == {}
    put(tmp_path, "file")
    assert listed(tmp_path / "file") == {}


def test_one_name_is_one_voice(tmp_path: Path) -> None:
    put(tmp_path, "anna.mp3", "anna.wav")
    found = list_recordings(tmp_path)
    assert listed(tmp_path) == {"anna": ["anna.wav"]}
    assert "more than one voice is named 'anna'; 'anna.wav' is used" in found.remarks["anna"]


def test_an_accent_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "René")
    put(tmp_path, f"{apart}.wav")
    assert list(listed(tmp_path)) == ["René"]
    put(tmp_path, "René.wav")
    assert listed(tmp_path) == {"René": ["René.wav"]}


@pytest.mark.parametrize("name", ["anna.m4a", "anna/1.m4a", "anna.webm"])
def test_a_form_that_is_not_read_is_remarked_on(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    found = list_recordings(tmp_path)
    assert not found.voices
    assert "save it as one of flac, mp3, ogg, opus, wav" in found.remarks[name.partition("/")[0]]


def test_a_name_that_is_not_utf_8_hides_nothing(tmp_path: Path) -> None:
    put(tmp_path, "anna.wav", "zoe/1.wav")
    for name in (b"/j\xfcrgen.wav", b"/zoe/\xfc.wav"):
        Path(os.fsdecode(os.fsencode(tmp_path) + name)).write_bytes(b"x")
    assert listed(tmp_path) == {"anna": ["anna.wav"], "zoe": ["1.wav"]}


def test_links_that_lead_round_or_nowhere(tmp_path: Path) -> None:
    put(tmp_path, "voices/anna.wav", "elsewhere/1.wav")
    voices = tmp_path / "voices"
    (voices / "loop.wav").symlink_to(voices / "loop.wav")
    (voices / "self").symlink_to(voices)
    (voices / "up").symlink_to(tmp_path)
    (voices / "gone.wav").symlink_to(tmp_path / "gone.wav")
    (voices / "bert").symlink_to(tmp_path / "elsewhere")
    assert listed(voices) == {"anna": ["anna.wav"], "bert": ["1.wav"]}


def test_what_would_block_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "anna.wav")
    assert listed(tmp_path) == {}


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_VOICES", 2)
    monkeypatch.setattr(listing, "MAX_RECORDINGS", 1)
    put(tmp_path, *(f"{voice}/{take}.wav" for voice in "abc" for take in "12"))
    assert listed(tmp_path) == {"a": ["1.wav"], "b": ["1.wav"]}
    assert "more than 2 voices" in list_recordings(tmp_path).remarks[""]
    monkeypatch.setattr(listing, "MAX_ENTRIES", 1)
    assert len(listed(tmp_path)) == 1
    assert "more than 1 files" in list_recordings(tmp_path).remarks[""]


def test_a_folder_of_thousands_of_files_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    real = listing._voice

    def look(
        folder: Path, entry: os.DirEntry[str], inside: listing._InsideEntries
    ) -> tuple[str, tuple[VoiceFile, ...], bool]:
        looked_at.append(entry.name)
        return real(folder, entry, inside)

    monkeypatch.setattr(listing, "_voice", look)
    monkeypatch.setattr(listing, "MAX_VOICES", 2)
    put(tmp_path, *(f"{number:02}.wav" for number in range(50)))
    assert list(listed(tmp_path)) == ["00", "01"]
    assert looked_at == ["00.wav", "01.wav", "02.wav"]


def test_files_in_folders_are_bounded_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_INSIDE_ENTRIES", 5)
    put(tmp_path, *(f"{voice}/{take}.wav" for voice in "ab" for take in "12"), "c/1.wav")
    assert list(listed(tmp_path)) == ["a", "b", "c"]
    put(tmp_path, "c/2.wav", "d/1.wav")
    found = list_recordings(tmp_path)
    assert list(found.voices) == ["a", "b"]
    assert found.remarks == {"": "there are more than 5 files in folders; the others are ignored"}


def test_only_recordings_that_are_used_cost_a_system_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_RECORDINGS", 2)
    put(tmp_path, "notes.txt", "1.m4a", *(f"anna/{take}.wav" for take in range(9)))
    looked_at: list[str] = []
    real = listing.VoiceFile

    def look(path: Path, size: int, modified: int) -> VoiceFile:
        looked_at.append(path.name)
        return real(path, size, modified)

    def never(*_: object, **__: object) -> object:
        raise AssertionError

    monkeypatch.setattr(listing, "VoiceFile", look)
    monkeypatch.setattr(os, "stat", never)
    found = list_recordings(tmp_path)
    monkeypatch.undo()
    assert list(found.voices) == ["anna"]
    assert looked_at == ["0.wav", "1.wav"]


def test_one_folder_that_cannot_be_read_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "anna/1.wav", "bert/1.wav")
    real = os.scandir

    def scandir(path: os.PathLike[str]) -> object:
        if Path(path).name == "anna":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert listed(tmp_path) == {"bert": ["1.wav"]}
    assert "Permission denied" in list_recordings(tmp_path).remarks["anna"]


class TestFingerprint:
    @staticmethod
    def of(folder: Path, name: str = "anna") -> str:
        return clone_source(name, list_recordings(folder).voices[name]).fingerprint

    def test_changes_with_the_recordings(self, tmp_path: Path) -> None:
        put(tmp_path, "anna/1.wav")
        seen = {self.of(tmp_path)}
        assert self.of(tmp_path) in seen
        os.utime(tmp_path / "anna" / "1.wav", ns=(1, 1))
        seen.add(self.of(tmp_path))
        put(tmp_path, "anna/2.wav")
        seen.add(self.of(tmp_path))
        (tmp_path / "anna" / "1.wav").unlink()
        seen.add(self.of(tmp_path))
        assert len(seen) == 4

    def test_differs_between_voices(self, tmp_path: Path) -> None:
        for name in ("anna", "bert"):
            put(tmp_path, f"{name}/1.wav")
            os.utime(tmp_path / name / "1.wav", (1, 1))
        assert self.of(tmp_path) != self.of(tmp_path, "bert")


class TestStrangeEntries:
    def test_pipes_sockets_and_devices(self, tmp_path: Path) -> None:
        put(tmp_path, "anna.wav")
        os.mkfifo(tmp_path / "pipe.wav")
        (tmp_path / "zero.wav").symlink_to("/dev/zero")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "socket.wav"))
        (tmp_path / "bert").mkdir()
        os.mkfifo(tmp_path / "bert" / "1.wav")
        found = list_recordings(tmp_path)
        assert list(found.voices) == ["anna"]
        assert sorted(found.remarks) == ["pipe.wav", "socket.wav", "zero.wav"]

    @pytest.mark.parametrize("name", ["a\nb", "a\r", "\x1b[31m", "a\u2028b", "\u202eb"])
    def test_names_that_break_lines(self, tmp_path: Path, name: str) -> None:
        put(tmp_path, f"{name}.wav")
        put(tmp_path, f"bert/{name}.wav")
        found = list_recordings(tmp_path)
        assert not found.voices
        [remark] = found.remarks.values()
        assert "control characters" in remark
        assert remark.isprintable()

    @pytest.mark.parametrize(
        "name", ["J\u00f6rg", "\u738b\u82b3", "\u05d3\u05e0\u05d4", "a\u00a0b"]
    )
    def test_names_of_any_script(self, tmp_path: Path, name: str) -> None:
        put(tmp_path, f"{name}.wav")
        assert list(list_recordings(tmp_path).voices) == [name]

    def test_remarks_are_bounded(self, tmp_path: Path) -> None:
        for number in range(MAX_REMARKS + 5):
            (tmp_path / f"{number}.m4a").touch()
        remarks = list_recordings(tmp_path).remarks
        assert len(remarks) == MAX_REMARKS + 1
        assert "there are 5 more files with problems" in remarks.values()
