"""Files that `git clone` without Git LFS leaves in place of weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_voice_stack.errors import EXIT_UNAVAILABLE, ModelCorrupt
from wyoming_voice_stack.models.lfs_pointer import MAX_POINTER_BYTES, refuse_lfs_pointers

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 145217532\n"


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", "model.pth", "vocab.json"])
def test_a_pointer_in_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    refuse_lfs_pointers(tmp_path)
    (tmp_path / name).write_text(POINTER)
    with pytest.raises(ModelCorrupt) as caught:
        refuse_lfs_pointers(tmp_path)
    assert f"{name} is a Git LFS pointer; run git lfs pull" in str(caught.value)
    assert caught.value.exit_status == EXIT_UNAVAILABLE


@pytest.mark.parametrize("name", ["voice.onnx", "voice.onnx.json"])
def test_a_pointer_of_a_voice(tmp_path: Path, name: str) -> None:
    voice = tmp_path / "voice.onnx"
    voice.write_bytes(b"\x08")
    (tmp_path / "other.onnx").write_text(POINTER)
    refuse_lfs_pointers(voice)
    (tmp_path / name).write_text(POINTER)
    with pytest.raises(ModelCorrupt, match=f"{name} is a Git LFS pointer"):
        refuse_lfs_pointers(voice)


def test_other_files_are_left_to_the_engines(tmp_path: Path) -> None:
    refuse_lfs_pointers(tmp_path / "missing.onnx")
    (tmp_path / "empty.bin").touch()
    (tmp_path / "README.md").write_text(POINTER + "x" * MAX_POINTER_BYTES)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    refuse_lfs_pointers(tmp_path)


@pytest.mark.parametrize("begin", ["<!DOCTYPE html>", "\ufeff\n <html lang='en'>"])
@pytest.mark.parametrize("name", ["model.bin", "voice.onnx.json"])
def test_a_web_page_in_place_of_a_file(tmp_path: Path, name: str, begin: str) -> None:
    (tmp_path / "README.html").write_text(begin)
    (tmp_path / "notes.md").write_text(f"A page: {begin}")
    refuse_lfs_pointers(tmp_path)
    (tmp_path / name).write_text(f"{begin}<head><title>Sign in</title></head></html>")
    with pytest.raises(ModelCorrupt, match=f"{name} is a web page"):
        refuse_lfs_pointers(tmp_path)
