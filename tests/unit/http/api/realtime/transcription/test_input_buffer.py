"""The audio of a session, which a client may cut anywhere."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.http.api.realtime.input_buffer import STEP_BYTES, InputBuffer


@pytest.mark.parametrize(
    ("pieces", "sizes"),
    [
        ([b"\0" * (STEP_BYTES - 1), b"\0" * (STEP_BYTES + 1)], [STEP_BYTES - 2, STEP_BYTES, 2]),
        ([b"\0", b"\0", b"\0" * 3], [2, 2]),
        ([b"", b"\0" * 2 * STEP_BYTES], [STEP_BYTES, STEP_BYTES]),
    ],
)
async def test_steps_have_whole_samples(
    service: AsrService, pieces: list[bytes], sizes: list[int]
) -> None:
    buffer = InputBuffer(service, UtteranceRequest())
    assert [len(step) for piece in pieces for step in buffer.steps(piece)] == sizes
