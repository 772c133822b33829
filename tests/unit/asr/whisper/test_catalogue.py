from __future__ import annotations

import json
from pathlib import Path

import pytest

from wyoming_voice_stack.asr.whisper.catalogue import (
    ENGLISH,
    LANGUAGES_BEFORE_V3,
    MODEL_INCLUDE,
    WHISPER_LANGUAGES,
    choose_model,
    hub_model,
    model_languages,
    model_names,
    smaller_model,
    to_code,
    to_tag,
)
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

GIB = 1024**3


def test_the_languages_are_faster_whispers() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert sorted(WHISPER_LANGUAGES) == sorted(_LANGUAGE_CODES)
    assert len(set(WHISPER_LANGUAGES)) == 100
    assert set(WHISPER_LANGUAGES) - set(LANGUAGES_BEFORE_V3) == {"yue"}


def test_the_languages_are_in_the_order_of_the_tokens(tiny_en: Path) -> None:
    tokenizer = json.loads((tiny_en / "tokenizer.json").read_text())
    tokens = [entry["content"] for entry in tokenizer["added_tokens"]]
    first = tokens.index("<|en|>")
    # This file has the code for Hebrew that is out of use since 1989.
    codes = ["he" if token == "<|iw|>" else token[2:-2] for token in tokens[first : first + 99]]
    assert codes == list(LANGUAGES_BEFORE_V3)


def test_the_names_are_faster_whispers() -> None:
    from faster_whisper.utils import _MODELS

    found = {name: hub_model(name) for name in model_names()}
    assert {name: model.repo_id for name, model in found.items() if model} == _MODELS


@pytest.mark.parametrize(
    ("name", "repo_id", "features"),
    [
        ("tiny.en", "Systran/faster-whisper-tiny.en", False),
        ("turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", True),
        ("large-v3", "Systran/faster-whisper-large-v3", True),
    ],
)
def test_a_name_is_a_repository_and_files(name: str, repo_id: str, *, features: bool) -> None:
    found = hub_model(name)
    assert found is not None
    assert (found.repo_id, found.include) == (repo_id, MODEL_INCLUDE)
    assert {"model.bin", "config.json", "tokenizer.json"} <= set(found.required)
    assert ("preprocessor_config.json" in found.required) == features


@pytest.mark.parametrize("name", ["Systran/faster-whisper-tiny", "huge", "", "TINY"])
def test_other_names_are_not_on_the_list(name: str) -> None:
    assert hub_model(name) is None


@pytest.mark.parametrize("code", WHISPER_LANGUAGES)
def test_every_code_comes_back_from_its_tag(code: str) -> None:
    assert to_code(to_tag(code)) == code


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        *(("en-US", "en"), ("en_US", "en"), ("EN", "en"), (" de-AT ", "de"), ("jv", "jw")),
        *(("nb-NO", "no"), ("fil", "tl"), ("zh-Hant-TW", "zh"), ("yue-HK", "yue"), ("iw", "he")),
        *(("tlh", None), ("", None), ("-", None), ("english", None)),
    ],
)
def test_tags_become_codes(tag: str, code: str | None) -> None:
    assert to_code(tag) == code


def test_javanese_has_its_standard_tag() -> None:
    assert (to_tag("jw"), to_tag("en"), to_tag("haw")) == ("jv", "en", "haw")


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("tiny.en", ENGLISH),
        ("distil-large-v3", ENGLISH),
        ("tiny", LANGUAGES_BEFORE_V3),
        ("large-v2", LANGUAGES_BEFORE_V3),
        ("large-v3", WHISPER_LANGUAGES),
        ("turbo", WHISPER_LANGUAGES),
        ("someone/whisper-small.en-ct2", ENGLISH),
        ("someone/faster-whisper-large-v3-turbo-german", WHISPER_LANGUAGES),
        ("someone/faster-whisper-medium", LANGUAGES_BEFORE_V3),
    ],
)
def test_languages_by_name(name: str, languages: tuple[str, ...]) -> None:
    assert model_languages(name) == languages


def test_languages_of_real_directories(tiny_en: Path, multilingual: Path) -> None:
    assert model_languages(tiny_en) == ENGLISH
    assert model_languages(multilingual) == LANGUAGES_BEFORE_V3


def test_languages_by_a_vocabulary_in_json(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.json").write_text(json.dumps(["token"] * 51_866))
    assert model_languages(tmp_path) == WHISPER_LANGUAGES
    distilled = tmp_path / "faster-distil-whisper-large-v3"
    distilled.mkdir()
    (distilled / "vocabulary.json").write_text(json.dumps(["token"] * 51_866))
    assert model_languages(distilled) == ENGLISH


@pytest.mark.parametrize("text", ["[]", "{", "7", '["a"]'])
def test_a_vocabulary_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "vocabulary.json").write_text(text)
    with pytest.raises(ModelCorrupt, match="download the model again"):
        model_languages(tmp_path)


def test_directories_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="neither vocabulary"):
        model_languages(tmp_path)
    with pytest.raises(ModelNotFound, match="nowhere"):
        model_languages(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("device", "memory", "cores", "languages", "model"),
    [
        ("cuda", 8 * GIB, 4, (), "large-v3-turbo"),
        ("cuda:1", 24 * GIB, 4, ("en",), "large-v3-turbo"),
        ("cuda", 4 * GIB, 4, ("de",), "small"),
        ("cuda", 0, 4, (), "base"),
        ("cpu", 32 * GIB, 16, (), "small"),
        ("cpu", 32 * GIB, 16, ("en",), "small.en"),
        ("cpu", 32 * GIB, 4, (), "base"),
        ("cpu", 2 * GIB, 16, ("en-GB", "en_US"), "base.en"),
        ("cpu", 2 * GIB, 16, ("en", "fr"), "base"),
        ("cpu", 512 * 1024**2, 4, (), "tiny"),
        ("cpu", 8 * GIB, 1, ("en",), "tiny.en"),
        ("cpu", 0, 1, (), "tiny"),
    ],
)
def test_auto_takes_what_suits_the_machine(
    device: str, memory: int, cores: int, languages: tuple[str, ...], model: str
) -> None:
    assert choose_model(device, memory, cores, languages) == model


@pytest.mark.parametrize(
    ("model", "smaller"),
    [
        ("large-v3", "small"),
        ("large-v3-turbo", "small"),
        ("medium.en", "small.en"),
        ("small", "base"),
        ("organisation/whisper-base-ct2", "tiny"),
        ("/models/large-v2", "small"),
        ("pkg:package/model", "tiny"),
        ("tiny", None),
        ("tiny.en", None),
    ],
)
def test_what_takes_less_memory(model: str, smaller: str | None) -> None:
    assert smaller_model(model) == smaller
    assert smaller is None or smaller in model_names()


def test_a_processor_that_is_slow_at_integers_gets_the_smallest() -> None:
    assert choose_model("cpu", 8 * GIB, 4, [], fast_integers=False) == "tiny"
    assert choose_model("cpu", 8 * GIB, 4, ["en"], fast_integers=False) == "tiny.en"
    assert choose_model("cuda", 8 * GIB, 4, [], fast_integers=False) == "large-v3-turbo"
