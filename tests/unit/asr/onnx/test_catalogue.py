"""The known models, and the choice for `onnx-asr:auto`."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.onnx import catalogue
from wyoming_voice_stack.asr.onnx.catalogue import (
    MIN_CORES,
    MIN_MEMORY_BYTES,
    choose_onnx_model,
    known_model,
    known_models,
    languages_by_name,
    without_scheme,
)
from wyoming_voice_stack.machine.processor import Processor

V2, V3 = "nemo-parakeet-tdt-0.6b-v2", "nemo-parakeet-tdt-0.6b-v3"
FAST = Processor("x86_64", "fast", frozenset({"avx2"}))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        (V3, V3),
        ("parakeet-tdt-0.6b-v3", V3),
        ("Parakeet-TDT-0.6b-v2", V2),
        ("gigaam-v3-ctc", "gigaam-v3-ctc"),
        ("onnx-community/whisper-base", "onnx-community/whisper-base"),
        ("onnx-community/whisper-base.en", None),
        ("onnx-community/moonshine-base-ONNX", None),
        ("somebody/whisper-base", None),
        ("parakeet", None),
        ("", None),
    ],
)
def test_names(name: str, known: str | None) -> None:
    model = known_model(name)
    assert (model and model.name) == known


def test_what_is_fetched() -> None:
    parakeet = known_model(V3)
    assert parakeet is not None
    assert parakeet.hub.repo_id == "istupakov/parakeet-tdt-0.6b-v3-onnx"
    assert parakeet.hub.include == parakeet.hub.required
    assert set(parakeet.hub.include) == {
        "config.json",
        "vocab.txt",
        "encoder-model.int8.onnx",
        "decoder_joint-model.int8.onnx",
    }
    exported = known_model("onnx-community/whisper-small")
    assert exported is not None
    assert "onnx/decoder_model_merged_int8.onnx" in exported.hub.required


def test_models_of_one_repository_have_folders_of_their_own() -> None:
    folders = [model.hub.directory for model in known_models()]
    assert len(set(folders)) == len(folders) > 10


def test_languages() -> None:
    v2, v3 = known_model(V2), known_model(V3)
    assert v2 is not None
    assert v3 is not None
    assert v2.languages == ("en",)
    assert len(v3.languages) == 25
    assert {"de", "uk", "mt"} < set(v3.languages)


@pytest.mark.parametrize(
    ("folder", "count"),
    [
        ("/models/istupakov--parakeet-tdt-0.6b-v3-onnx--1234", 25),
        ("/models/parakeet-tdt-0.6b-v2-int8", 1),
        ("/models/canary-180m-flash-onnx", 4),
        ("/models/mine", 0),
    ],
)
def test_languages_of_a_folder(folder: str, count: int) -> None:
    assert len(languages_by_name(folder)) == count


@pytest.mark.parametrize(
    ("reference", "name"),
    [("onnx-asr:a", "a"), ("ONNX-ASR: a b ", "a b"), ("base", None), ("onnx-asr", None)],
)
def test_scheme(reference: str, name: str | None) -> None:
    assert without_scheme(reference) == name


@pytest.mark.parametrize(
    ("languages", "chosen"),
    [
        (("en",), V2),
        (("de",), V3),
        (("en", "de", "fr"), V3),
        (("en", "ja"), None),
        (("zh",), None),
        ((), None),
    ],
)
def test_choice_by_language(languages: tuple[str, ...], chosen: str | None) -> None:
    found = choose_onnx_model(FAST, MIN_CORES, MIN_MEMORY_BYTES, languages)
    assert found == (chosen and f"{catalogue.SCHEME}{chosen}")


@pytest.mark.parametrize(
    ("processor", "cores", "memory"),
    [
        (Processor("x86_64", "old", frozenset({"sse4_2"})), MIN_CORES, MIN_MEMORY_BYTES),
        (Processor("aarch64", "board", frozenset({"asimddp"})), MIN_CORES, MIN_MEMORY_BYTES),
        (FAST, MIN_CORES - 1, MIN_MEMORY_BYTES),
        (FAST, MIN_CORES, MIN_MEMORY_BYTES - 1),
    ],
)
def test_a_small_machine_keeps_whisper(processor: Processor, cores: int, memory: int) -> None:
    assert choose_onnx_model(processor, cores, memory, ("en",)) is None
