"""Graphics cards that the settings name."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.machine.cuda_device import require_cuda_device
from wyoming_voice_stack.machine.memory import ran_out_of_memory


@pytest.mark.parametrize(
    ("device", "count"), [("cuda", 1), ("cuda:0", 1), ("cuda:1", 2), ("auto", 0), ("cpu", 0)]
)
def test_card_that_is_there(device: str, count: int) -> None:
    require_cuda_device("ASR_DEVICE", device, lambda: count)


@pytest.mark.parametrize(
    ("device", "count", "found"),
    [
        ("cuda", 0, "no usable graphics card found"),
        ("cuda:1", 1, "only 1 usable graphics card(s) found"),
    ],
)
def test_card_that_is_missing(device: str, count: int, found: str) -> None:
    with pytest.raises(EngineError) as caught:
        require_cuda_device("TTS_DEVICE", device, lambda: count)
    message = str(caught.value)
    assert message.startswith(f"TTS_DEVICE={device} cannot be used: {found}. ")
    assert message.endswith("or set TTS_DEVICE to auto or cpu.")
    assert not ran_out_of_memory(caught.value)
