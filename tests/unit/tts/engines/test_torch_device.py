from __future__ import annotations

import logging

import pytest
import torch

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.torch_device import device_of, place, require_device


@pytest.fixture
def model() -> torch.nn.Module:
    return torch.nn.Linear(2, 2)


def test_auto_uses_an_available_device(model: torch.nn.Module) -> None:
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert device_of(place(model, "auto")) == expected


@pytest.mark.parametrize(
    ("cuda", "reason"),
    [
        (None, "the installed PyTorch is the build for CPUs"),
        ("13.0", "no usable graphics card was"),
    ],
)
def test_auto_says_why_it_uses_the_cpu(
    model: torch.nn.Module,
    cuda: str | None,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    with caplog.at_level(logging.INFO):
        assert device_of(place(model, "auto")) == "cpu"
    assert f"The voice model runs on the CPU: {reason}" in caplog.text


@pytest.mark.parametrize(
    ("cuda", "reason"),
    [(None, "PyTorch is the build for CPUs. Use the image"), ("13.0", "no usable graphics card")],
)
def test_a_card_that_cannot_be_used(
    cuda: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    with pytest.raises(EngineError, match=reason):
        require_device("cuda")


def too_old(*_: object, **__: object) -> None:
    raise RuntimeError("CUDA error: no kernel image is available.\nCompile with ...")


@pytest.fixture
def old_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that is found, and on which every calculation fails."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch, "ones", too_old)


@pytest.mark.usefixtures("old_card")
def test_a_card_that_is_too_old_is_an_error_before_a_download() -> None:
    with pytest.raises(EngineError) as caught:
        require_device("cuda")
    assert str(caught.value) == (
        "TTS_DEVICE=cuda cannot be used: CUDA error: no kernel image is available. Check driver and card"
        " with nvidia-smi, or set TTS_DEVICE to auto or cpu."
    )


@pytest.mark.usefixtures("old_card")
def test_auto_does_not_use_a_card_that_is_too_old(
    model: torch.nn.Module, caplog: pytest.LogCaptureFixture
) -> None:
    assert device_of(place(model, "auto")) == "cpu"
    [message] = caplog.messages
    assert message == (
        "The voice model runs on the CPU: the card is not usable (CUDA error: no kernel image is"
        " available.)"
    )


@pytest.mark.parametrize("device", ["cuda:31", "nonsense"])
def test_device_that_does_not_work(model: torch.nn.Module, device: str) -> None:
    with pytest.raises(EngineError, match=f"{device}.*TTS_DEVICE"):
        place(model, device)
