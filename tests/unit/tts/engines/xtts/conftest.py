"""A tiny XTTS model as coqui-tts loads it, and what it synthesizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints.xtts_output import Reference, decode_references
from tests.support.stepped_batch import MOST, RATE, ROWS, STOP, Decoder, Sampler, Vocoder
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


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


@pytest.fixture
def sampler() -> Sampler:
    return Sampler()


@pytest.fixture
def scheduler(decoder: Decoder, sampler: Sampler) -> Iterator[Any]:
    from wyoming_voice_stack.tts.engines.xtts.batch_scheduler import BatchOptions, BatchScheduler
    from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget

    made = BatchScheduler(
        decoder,  # type: ignore[arg-type]
        sampler,  # type: ignore[arg-type]
        Vocoder(),  # type: ignore[arg-type]
        BatchOptions(ROWS, STOP, MOST, RATE, separate_vocoder=False),
        ThreadBudget(1),
    )
    yield made
    decoder.allowed.release(1000)
    made.close()
