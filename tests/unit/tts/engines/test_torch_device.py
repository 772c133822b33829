from __future__ import annotations

import pytest
import torch

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.torch_device import device_of, place


@pytest.fixture
def model() -> torch.nn.Module:
    return torch.nn.Linear(2, 2)


def test_auto_uses_an_available_device(model: torch.nn.Module) -> None:
    expected = "cuda:0" if torch.cuda.is_available() else "cpu"
    assert device_of(place(model, "auto")) == expected


@pytest.mark.parametrize("device", ["cuda:31", "nonsense"])
def test_device_that_does_not_work(model: torch.nn.Module, device: str) -> None:
    with pytest.raises(EngineError, match=f"{device}.*TTS_DEVICE"):
        place(model, device)
