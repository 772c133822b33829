"""Names of the studio speakers, read without torch."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.support.checkpoints.tiny_xtts import SPEAKERS
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.tts.engines.xtts.loading import _check_speakers
from wyoming_voice_stack.tts.engines.xtts.speakers import XTTS_V2_STUDIO_SPEAKERS, studio_names


class TestStudioNames:
    def test_come_in_the_models_order(self, xtts_folder: Path) -> None:
        assert studio_names(xtts_folder / "speakers_xtts.pth") == SPEAKERS

    def test_are_read_from_an_ordered_dictionary(self, tmp_path: Path) -> None:
        from collections import OrderedDict

        import torch

        torch.save(OrderedDict(b={"x": torch.ones(2)}, a={}), tmp_path / "speakers")
        assert studio_names(tmp_path / "speakers") == ("b", "a")

    @pytest.mark.parametrize("content", [None, b"", b"\x80\x02}q\x00."])
    def test_a_missing_file_has_none(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "speakers").write_bytes(content)
        assert studio_names(tmp_path / "speakers") == ()

    @pytest.mark.parametrize(
        "pickled",
        [
            b"cos\nmkdir\n(V%s\ntR.",
            b"}V%s\ncos\nmkdir\n(V%s\ntRs.",
            b"\x80",
        ],
    )
    def test_code_in_the_file_is_not_run(self, tmp_path: Path, pickled: bytes) -> None:
        trap = tmp_path / "made"
        with zipfile.ZipFile(tmp_path / "speakers", "w") as archive:
            archive.writestr("x/data.pkl", pickled.replace(b"%s", os.fsencode(trap)))
        assert studio_names(tmp_path / "speakers") in {(), (str(trap),)}
        assert not trap.exists()

    def test_a_damaged_file_has_none(self, xtts_folder: Path, tmp_path: Path) -> None:
        whole = (xtts_folder / "speakers_xtts.pth").read_bytes()
        damaged = tmp_path / "speakers"
        for place in range(0, len(whole), max(1, len(whole) // 400)):
            damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            assert isinstance(studio_names(damaged), tuple)
            damaged.write_bytes(whole[:place])
            assert studio_names(damaged) == ()


class TestLoading:
    @pytest.mark.parametrize("pickled", [b"cos\nmkdir\n(V%s\ntR.", b"]."])
    def test_a_damaged_file_is_named_and_not_run(self, tmp_path: Path, pickled: bytes) -> None:
        trap, path = tmp_path / "made", tmp_path / "speakers_xtts.pth"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x/data.pkl", pickled.replace(b"%s", os.fsencode(trap)))
            archive.writestr("x/version", "3\n")
        with pytest.raises(ModelCorrupt, match=r"speakers_xtts\.pth is damaged"):
            _check_speakers(path)
        assert not trap.exists()

    def test_a_whole_file_or_none(self, xtts_folder: Path, tmp_path: Path) -> None:
        _check_speakers(xtts_folder / "speakers_xtts.pth")
        _check_speakers(tmp_path / "absent.pth")


def test_the_known_names_are_whole() -> None:
    names = XTTS_V2_STUDIO_SPEAKERS
    assert len(set(names)) == len(names) == 58
    assert all(len(name.split()) == 2 and name == name.strip() for name in names)
    assert set(SPEAKERS) <= set(names)
