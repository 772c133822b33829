"""Graphics cards that the settings name, and the library of CUDA that Whisper needs."""

from __future__ import annotations

import ctypes
import importlib.metadata
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.machine import cuda_device
from wyoming_voice_stack.machine.cuda_device import (
    CUBLAS,
    MissingCuda,
    cuda_image,
    load_cublas,
    missing_cublas,
    require_cuda_device,
)
from wyoming_voice_stack.machine.memory import ran_out_of_memory

NO_LIBRARY = MissingCuda("CUDA is not installed", "pip install it")


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    load_cublas.cache_clear()
    yield
    load_cublas.cache_clear()


def installed_with(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    metadata = Message()
    for url in urls:
        metadata["Project-URL"] = url
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: metadata)


def libraries(monkeypatch: pytest.MonkeyPatch, *there: str) -> list[str]:
    """Let only these libraries load; returns what is asked for."""
    asked: list[str] = []

    def open_library(path: str, mode: int = 0) -> None:
        asked.append(path)
        if path not in there:
            raise OSError(f"{path}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", open_library)
    return asked


@pytest.mark.parametrize(
    ("device", "count"), [("cuda", 1), ("cuda:0", 1), ("cuda:1", 2), ("auto", 0), ("cpu", 0)]
)
def test_card_that_is_there(device: str, count: int) -> None:
    require_cuda_device("ASR_DEVICE", device, lambda: count, lambda: None)


@pytest.mark.parametrize(
    ("device", "count", "found"),
    [
        ("cuda", 0, "no usable graphics card found"),
        ("cuda:1", 1, "only 1 usable graphics card(s) found"),
    ],
)
def test_card_that_is_missing(device: str, count: int, found: str) -> None:
    with pytest.raises(EngineError) as caught:
        require_cuda_device("TTS_DEVICE", device, lambda: count, lambda: None)
    message = str(caught.value)
    assert message.startswith(f"TTS_DEVICE={device} cannot be used: {found}. ")
    assert message.endswith("or set TTS_DEVICE to auto or cpu.")
    assert not ran_out_of_memory(caught.value)


def test_an_installation_without_cuda_names_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_with(monkeypatch, "Image, https://registry.example.org/home/voice-stack")
    with pytest.raises(EngineError) as caught:
        require_cuda_device("ASR_DEVICE", "cuda", lambda: 1, lambda: NO_LIBRARY)
    assert str(caught.value) == (
        "ASR_DEVICE=cuda cannot be used: CUDA is not installed. Use the image"
        " registry.example.org/home/voice-stack:latest-cuda (without a container, run"
        " pip install it), or set ASR_DEVICE to auto or cpu."
    )


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_other_devices_need_no_cuda(device: str) -> None:
    require_cuda_device("ASR_DEVICE", device, lambda: 0, lambda: NO_LIBRARY)


def test_the_image_of_an_unpublished_project(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_with(monkeypatch)
    assert cuda_image() == "latest-cuda"


def test_cublas_that_the_linker_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = libraries(monkeypatch, CUBLAS)
    assert load_cublas()
    assert missing_cublas() is None
    assert asked == [CUBLAS]


def test_cublas_that_pip_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nvidia" / "cublas" / "lib").mkdir(parents=True)
    (tmp_path / "nvidia" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    there = str(tmp_path / "nvidia" / "cublas" / "lib" / CUBLAS)
    assert libraries(monkeypatch, there) == []
    assert load_cublas()


def test_cublas_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries(monkeypatch)
    monkeypatch.setattr(cuda_device, "_CUBLAS_MODULE", "no_such_package.cublas")
    missing = missing_cublas()
    assert missing is not None
    assert missing.what == "CUDA's library libcublas.so.12 is not installed"
    assert missing.install == "pip install nvidia-cublas-cu12"
