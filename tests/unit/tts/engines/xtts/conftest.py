"""A tiny XTTS model as coqui-tts loads it, and what it synthesizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints.xtts_output import Reference, decode_references
from wyoming_voice_stack.tts.engines.xtts.loading import load_model


@pytest.fixture(scope="module")
def inference() -> Iterator[None]:
    import torch

    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def stock(inference: None, xtts_folder: Path) -> Any:
    return load_model(xtts_folder, "cpu")


@pytest.fixture(scope="module")
def references(stock: Any) -> list[Reference]:
    return decode_references(stock)
