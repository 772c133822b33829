from __future__ import annotations

import os
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.voices.cloning import cache_keys as keys
from wyoming_voice_stack.tts.voices.cloning.cache_keys import content_key, model_key, parameters_key


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


class TestContent:
    def test_names_and_times_do_not_matter(self, tmp_path: Path) -> None:
        one, other = put(tmp_path / "a.wav", b"sound"), put(tmp_path / "b.wav", b"sound")
        os.utime(other, (1, 1))
        assert content_key([one]) == content_key([other])

    def test_each_byte_and_the_order_matter(self, tmp_path: Path) -> None:
        one, two = put(tmp_path / "1", b"sound"), put(tmp_path / "2", b"souns")
        found = [content_key(paths) for paths in ([one], [two], [one, two], [two, one], [one, one])]
        assert len(set(found)) == len(found)

    def test_where_a_take_ends_matters(self, tmp_path: Path) -> None:
        found = [
            content_key([put(tmp_path / "1", first), put(tmp_path / "2", second)])
            for first, second in ((b"ab", b"c"), (b"a", b"bc"))
        ]
        assert len(set(found)) == 2

    def test_what_is_too_large_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "MAX_RECORDING_BYTES", 4)
        assert content_key([put(tmp_path / "1.wav", b"1234")])
        with pytest.raises(UnknownVoice, match=r"1\.wav is larger than"):
            content_key([put(tmp_path / "1.wav", b"12345")])


class TestModel:
    def test_a_tensor_in_the_middle_is_told_by_the_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import torch

        monkeypatch.setattr(keys, "END_BYTES", 4096)
        found = set()
        for value in (0.0, 1.0, 1.0):
            weights = {str(number): torch.zeros(20_000) for number in range(9)}
            weights["4"][10_000] = value
            torch.save({"model": weights}, tmp_path / "model.pth")
            found.add(model_key([tmp_path / "model.pth"]))
        assert len(found) == 2

    def test_size_and_both_ends_matter(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keys, "END_BYTES", 2)
        contents = (b"aa---aa", b"aa----aa", b"ba---aa", b"aa---ab", b"", b"a")
        found = {model_key([put(tmp_path / "model", content)]) for content in contents}
        assert len(found) == len(contents)


def test_parameters_have_no_order() -> None:
    assert parameters_key({"a": 1, "b": True}) == parameters_key({"b": True, "a": 1})
    assert parameters_key({"a": 1}) != parameters_key({"a": 2})
