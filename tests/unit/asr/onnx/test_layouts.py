"""What the files in a folder say about a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from wyoming_voice_stack.asr.onnx.layouts import (
    Kind,
    Layout,
    can_translate,
    int8_files,
    is_onnx_recognizer,
    read_layout,
)
from wyoming_voice_stack.errors import ModelCorrupt


def folder_of(path: Path, *files: str, config: dict[str, Any] | None = None) -> Path:
    for name in files:
        file = path / name.replace("*", "-x")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    if config is not None:
        (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("kind", get_args(Kind))
def test_files_of_each_kind_are_found_as_the_hub_has_them(tmp_path: Path, kind: Kind) -> None:
    folder_of(tmp_path, *int8_files(kind), config={"model_type": kind})
    layout = read_layout(tmp_path)
    assert (layout.kind, layout.quantization) == (kind, "int8")
    assert is_onnx_recognizer(tmp_path)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_library_finds_the_same_files(tmp_path: Path, kind: Kind) -> None:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    from onnx_asr.loader import create_asr_resolver

    folder_of(tmp_path, *int8_files(kind))
    resolver = create_asr_resolver(kind, tmp_path)
    found = resolver.resolve_model(quantization="int8")
    expected = {tmp_path / name.replace("*", "-x") for name in int8_files(kind)}
    assert set(found.values()) == expected


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("encoder-model.onnx", "decoder-model.onnx", "vocab.txt"), "nemo-conformer-aed"),
        (("model.int8.onnx", "vocab.txt"), "nemo-conformer-ctc"),
        (("v3_ctc.int8.onnx", "v3_vocab.txt"), "gigaam-v3-ctc"),
    ],
)
def test_other_kinds_are_recognized_by_their_files(
    tmp_path: Path, files: tuple[str, ...], kind: str
) -> None:
    folder_of(tmp_path, *files, config={"model_type": "something"})
    assert read_layout(tmp_path).kind == kind


def test_weights_of_8_bits_are_preferred(tmp_path: Path) -> None:
    both = ("model.onnx", "model.int8.onnx", "vocab.txt")
    folder_of(tmp_path, *both, config={"model_type": "nemo-conformer-ctc"})
    assert read_layout(tmp_path).quantization == "int8"
    (tmp_path / "model.int8.onnx").unlink()
    assert read_layout(tmp_path).quantization is None


@pytest.mark.parametrize(
    ("config", "languages"),
    [
        ({"languages": ["EN", "de", "en"]}, ("en", "de")),
        ({"languages": []}, ()),
        ({"languages": "en"}, ()),
        ({}, ()),
    ],
)
def test_languages_that_the_configuration_states(
    tmp_path: Path, config: dict[str, Any], languages: tuple[str, ...]
) -> None:
    files = int8_files("nemo-conformer-tdt")
    folder_of(tmp_path, *files, config={"model_type": "nemo-conformer-tdt"} | config)
    assert read_layout(tmp_path) == Layout("nemo-conformer-tdt", "int8", languages)


@pytest.mark.parametrize(
    ("kind", "languages"),
    [("gigaam-v2-rnnt", ("ru",)), ("gigaam-multilingual-ctc", ("en", "kk", "ky", "ru", "uz"))],
)
def test_languages_of_gigaam(tmp_path: Path, kind: Kind, languages: tuple[str, ...]) -> None:
    folder_of(tmp_path, *int8_files(kind), config={"model_type": kind})
    assert read_layout(tmp_path).languages == languages


def test_languages_of_a_whisper_export(tmp_path: Path) -> None:
    folder_of(tmp_path, *int8_files("whisper"), config={"model_type": "whisper"})
    tokens = {"<|de|>": 1, "<|yue|>": 2, "<|transcribe|>": 3, "<|0.00|>": 4, "de": 5}
    (tmp_path / "added_tokens.json").write_text(json.dumps(tokens))
    assert read_layout(tmp_path).languages == ("de", "yue")


def test_an_english_whisper_export_is_refused(tmp_path: Path) -> None:
    config = {"model_type": "whisper", "vocab_size": 51_864}
    folder_of(tmp_path, *int8_files("whisper"), config=config)
    with pytest.raises(ModelCorrupt, match=r"English-only.*base\.en"):
        read_layout(tmp_path)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, r"config\.json does not exist"),
        ("{", r"config\.json cannot be read"),
        ("[]", r"config\.json is not a JSON object"),
        ("{}", "model_type"),
        ('{"model_type": "nemo-conformer-tdt"}', "decoder_joint-model.onnx"),
    ],
)
def test_damaged_folders(tmp_path: Path, config: str | None, message: str) -> None:
    folder_of(tmp_path, "encoder-model.int8.onnx", "vocab.txt")
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ModelCorrupt, match=message):
        read_layout(tmp_path)
    assert not is_onnx_recognizer(tmp_path)


def test_a_transducer_needs_its_configuration(tmp_path: Path) -> None:
    folder_of(tmp_path, *int8_files("nemo-conformer-tdt"), config={})
    with pytest.raises(ModelCorrupt, match=r"set it to one of nemo-conformer-ctc"):
        read_layout(tmp_path)


def test_a_huge_configuration_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wyoming_voice_stack.models.json_files.MAX_JSON_BYTES", 1)
    folder_of(tmp_path, *int8_files("whisper"), config={"model_type": "whisper"})
    with pytest.raises(ModelCorrupt, match="too large"):
        read_layout(tmp_path)


def test_only_canary_translates() -> None:
    assert [kind for kind in get_args(Kind) if can_translate(kind)] == ["nemo-conformer-aed"]
