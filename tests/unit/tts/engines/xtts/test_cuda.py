"""XTTS on a graphics card; skipped without one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_xtts import SPEAKERS, WIDTH
from tests.support.checkpoints.xtts_output import TEXTS, Ours, Reference, decode_references
from tests.support.engines import alike, spoken, xtts_source
from wyoming_voice_stack.tts.engine import CloneSource, Samples, SynthesisRequest
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.torch_device import free_device_memory
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource, XttsSynthesizer
from wyoming_voice_stack.tts.engines.xtts.loading import load_model

CUDA = "cuda"
CLONED_RATE = 22_050


@pytest.fixture(scope="module", autouse=True)
def inference() -> Iterator[None]:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def stock(xtts_folder: Path) -> Any:
    return load_model(xtts_folder, CUDA)


@pytest.fixture(scope="module")
def references(xtts_folder: Path) -> list[Reference]:
    """Computed on the CPU, as the reference for the card."""
    return decode_references(load_model(xtts_folder, "cpu"))


def source(folder: Path, precision: str) -> XttsSource:
    return XttsSource(ModelFiles.at(folder), device=CUDA, precision=precision)


@pytest.fixture(scope="module", params=["float32", "float16", "bfloat16"])
def engine(request: pytest.FixtureRequest, xtts_folder: Path) -> Iterator[XttsSynthesizer]:
    made = source(xtts_folder, request.param).load()
    yield made
    made.close()


def cuda_capture() -> Any:
    import torch

    from wyoming_voice_stack.tts.engines.xtts.decoding.cuda_graphs import CudaGraphCapture

    return CudaGraphCapture(torch.device(CUDA))


def has_graphs(decoder: Any) -> bool:
    """Whether steps were captured without any failure."""
    from wyoming_voice_stack.tts.engines.xtts.decoding.cuda_graphs import CudaGraphCapture

    graphs = decoder._graphs
    return isinstance(graphs._capture, CudaGraphCapture) and bool(graphs._graphs)


def latents_of_steps(ours: Ours, references: list[Reference], rows: list[int], steps: int) -> Any:
    """Latents of steps that read the stock model's tokens, of shape [rows, steps, width]."""
    import torch

    heard = []
    for number in range(1, steps + 1):
        tokens = [references[row].tokens[number - 1] for row in rows]
        heard.append(ours.decoder.step(rows, tokens, [number] * len(rows)))
    return torch.stack(heard, dim=1).cpu()


@pytest.mark.parametrize(
    ("weight_format", "tolerance"), [("float32", 1e-3), ("float16", 5e-2), ("bfloat16", 4e-1)]
)
def test_latents_equal_those_of_the_cpu(
    stock: Any, references: list[Reference], weight_format: str, tolerance: float
) -> None:
    import torch

    rows, steps = list(range(len(TEXTS))), min(len(each.tokens) for each in references) - 1
    expected = torch.stack([each.latents[1 : steps + 1] for each in references])
    for capture in (None, cuda_capture()):
        ours = Ours(stock, weight_format, capture)
        assert [ours.begin(sentence) for sentence in references] == rows
        heard = latents_of_steps(ours, references, rows, steps)
        assert (heard - expected).norm() / expected.norm() < tolerance


def test_replayed_steps_equal_the_steps_themselves(stock: Any, references: list[Reference]) -> None:
    """Rows pause, end and start in between, and the cache grows meanwhile."""
    drawn = []
    for capture in (None, cuda_capture()):
        ours = Ours(stock, "float32", capture)
        ours.begin(references[0])
        for _ in range(5):
            ours.step([0])
        ours.begin(references[1])
        ours.begin(references[2])
        for number in range(8):
            ours.step([0, 2] if number % 2 else [1, 2])
        ours.decoder.cache.free(1)
        assert ours.begin(references[3]) == 1
        for _ in range(8):
            ours.step([1, 2])
        drawn.append(ours.tokens)
    assert has_graphs(ours.decoder)
    assert drawn[0] == drawn[1]


def test_a_sentence_may_outgrow_its_graph(stock: Any, references: list[Reference]) -> None:
    drawn = []
    for capture in (None, cuda_capture()):
        ours = Ours(stock, "float32", capture)
        ours.begin(references[3])
        for jump in (0, 60, 150):
            ours.decoder.cache.extend([0], jump)
            for _ in range(10):
                ours.step([0])
        drawn.append(ours.tokens[0])
    assert has_graphs(ours.decoder)
    assert drawn[0] == drawn[1]


def test_windows_equal_the_whole(stock: Any) -> None:
    import torch

    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    vocoder = Vocoder(stock.hifigan_decoder)
    random = torch.Generator().manual_seed(3)
    latents = torch.randn(60, WIDTH, generator=random).to(CUDA)
    speaker = torch.nn.functional.normalize(torch.randn(1, 512, 1, generator=random), dim=1)
    stream = vocoder.start_stream(speaker, 1.0)
    pieces: list[Any] = []
    for number, latent in enumerate(latents, 1):
        stream.add(latent)
        if number in {8, 24, 56}:
            pieces.append(stream.pull(last=False))
    pieces.append(stream.pull(last=True))
    at_once = stock.hifigan_decoder(latents[None], g=speaker.to(CUDA)).flatten()
    assert torch.cat(pieces).shape == at_once.shape
    assert (torch.cat(pieces) - at_once).abs().max() < 1e-6
    assert at_once.abs().max() > 0.1


def test_frees_the_memory_of_the_card(xtts_folder: Path) -> None:
    import torch

    free_device_memory()
    before = torch.cuda.memory_allocated()
    made = source(xtts_folder, "auto").load()
    assert made.device.startswith(CUDA)
    spoken(made, SynthesisRequest(TEXTS[0], "en", voice=SPEAKERS[0]))
    assert torch.cuda.memory_allocated() > before
    made.close()
    assert torch.cuda.memory_allocated() == before


def test_auto_finds_the_card(xtts_folder: Path) -> None:
    made = xtts_source(xtts_folder, device="auto").load()
    try:
        assert made.device.startswith(CUDA)
    finally:
        made.close()


def test_audio_does_not_depend_on_other_requests(engine: XttsSynthesizer) -> None:
    requests = [SynthesisRequest(text, "en", voice=SPEAKERS[0]) for text in TEXTS]
    alone = [spoken(engine, request) for request in requests]
    assert all(np.isfinite(sound).all() and np.abs(sound).max() > 0.01 for sound in alone)
    with ThreadPoolExecutor(len(requests)) as pool:
        together = list(pool.map(lambda request: spoken(engine, request), requests))
    assert alike(spoken(engine, requests[1]), alone[1])
    if engine._scheduler._decoder._dtype.itemsize == 4:
        assert all(map(alike, alone, together))
    assert all(len(sound) > 2000 for sound in together)
    assert has_graphs(engine._scheduler._decoder)


def test_clones_during_synthesis(engine: XttsSynthesizer, tmp_path: Path) -> None:
    import soundfile

    noise = np.random.default_rng(5).normal(0, 0.1, 4 * CLONED_RATE)
    swell = np.sin(np.arange(len(noise)) * 12 / CLONED_RATE) ** 2
    path = tmp_path / "anna.wav"
    soundfile.write(path, noise * swell, CLONED_RATE)
    speaking, done = threading.Event(), threading.Event()

    def talk() -> list[Samples]:
        heard = []
        while not done.is_set():
            heard.append(spoken(engine, SynthesisRequest(TEXTS[3], "en", voice=SPEAKERS[1])))
            speaking.set()
        return heard

    with ThreadPoolExecutor(1) as pool:
        talked = pool.submit(talk)
        try:
            assert speaking.wait(60)
            clone = CloneSource("anna", (path,), "first take")
            engine.prepare(clone)
            sound = spoken(engine, SynthesisRequest("Hello there.", "en", clone=clone))
        finally:
            done.set()
        heard = talked.result()
    assert np.isfinite(sound).all()
    assert all(alike(one, heard[0]) for one in heard)
