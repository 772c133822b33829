from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import ctranslate2
import numpy as np
import pytest

from tests.support.speech import say
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper import loading, placement
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.placement import CPU_BATCH, SMALL_MODEL_BYTES
from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound

MAX_RESIDENT_MB = 450
OTHER_TOKENIZER = b'{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}'


@pytest.fixture
def copy(tiny_en: Path, tmp_path: Path) -> Path:
    """A model directory to be broken: links, each of which may be replaced by a file."""
    directory = tmp_path / "model"
    directory.mkdir()
    for path in tiny_en.iterdir():
        (directory / path.name).symlink_to(path)
    return directory


def load(directory: Path, vad: SileroVad, **options: Any) -> WhisperRecognizer:
    settings: dict[str, Any] = {
        "device": "cpu",
        "compute_type": "int8",
        "cpu_threads": 1,
        "beam_size": 1,
    }
    return WhisperRecognizer.load(directory, vad=vad, **settings | options)


def replace(directory: Path, name: str, data: bytes) -> None:
    (directory / name).unlink(missing_ok=True)
    (directory / name).write_bytes(data)


def test_no_directory(vad: SileroVad, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere does not exist; check ASR_MODEL"):
        load(tmp_path / "nowhere", vad)


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"])
def test_a_missing_file_is_named(vad: SileroVad, copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelCorrupt, match=name.replace(".", r"\.") + ".*download the model again"):
        load(copy, vad)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.bin", b""),
        ("model.bin", b"<html>not found</html>" * 100),
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b"[" * 100_000),
        ("tokenizer.json", b"{"),
        ("tokenizer.json", OTHER_TOKENIZER),
        ("vocabulary.txt", b"a\nb\n"),
        ("preprocessor_config.json", json.dumps({"feature_size": 128}).encode()),
    ],
)
def test_a_damaged_file(vad: SileroVad, copy: Path, name: str, data: bytes) -> None:
    replace(copy, name, data)
    with pytest.raises(ModelCorrupt, match="download the model again"):
        load(copy, vad)


def test_a_truncated_model(vad: SileroVad, copy: Path, tiny_en: Path) -> None:
    replace(copy, "model.bin", (tiny_en / "model.bin").read_bytes()[:1_000_000])
    with pytest.raises(ModelCorrupt, match="download the model again"):
        load(copy, vad)


@pytest.mark.parametrize(
    "options", [{"compute_type": "float7"}, {"device": "cuda"}, {"device": "cuda:7"}]
)
def test_errors_of_the_machine_are_not_model_errors(
    vad: SileroVad, tiny_en: Path, options: dict[str, str]
) -> None:
    if ctranslate2.get_cuda_device_count():
        options = {"compute_type": "float7"}
    with pytest.raises(EngineError, match="ASR_DEVICE, ASR_COMPUTE_TYPE"):
        load(tiny_en, vad, **options)


def test_auto_runs_on_the_cpu_when_cuda_does_not_work(
    vad: SileroVad,
    tiny_en: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # A driver that reports devices it cannot use; no machine has index 99.
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", _none_on_cuda(ctranslate2))
    monkeypatch.setattr(loading, "load_cublas", lambda: True)
    with caplog.at_level(logging.WARNING):
        loaded = load(tiny_en, vad, device="auto", compute_type="auto")
    assert (loaded.device, loaded.compute_type) == ("cpu", "int8_float32")
    assert "CUDA is not usable" in caplog.text
    loaded.close()


def test_auto_runs_on_the_cpu_of_a_card_without_cublas(
    vad: SileroVad,
    tiny_en: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The CPU image, with a card.
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(loading, "load_cublas", lambda: False)
    load(tiny_en, vad, device="auto").close()
    [warning] = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert warning.startswith(
        "Whisper runs on the CPU: there is a graphics card, but CUDA's library"
    )
    assert "latest-cuda" in warning


def test_auto_says_that_there_is_no_card(
    vad: SileroVad,
    tiny_en: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with caplog.at_level(logging.INFO):
        load(tiny_en, vad, device="auto").close()
    assert "Whisper runs on the CPU: no usable graphics card was found." in caplog.messages


def _none_on_cuda(library: Any) -> Callable[[str, int], set[str]]:
    real: Callable[[str, int], set[str]] = library.get_supported_compute_types

    def answer(device: str, index: int) -> set[str]:
        if device == "cuda":
            raise RuntimeError("CUDA failed with error CUDA driver version is insufficient")
        return real(device, index)

    return answer


def test_device_and_compute_type_are_reported(recognizer: WhisperRecognizer) -> None:
    expected = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    assert recognizer.device == expected
    assert recognizer.compute_type in {"int8_float32", "float16"}
    assert recognizer.languages == ("en",)


@pytest.mark.parametrize(("cpu_threads", "small_below"), [(4, SMALL_MODEL_BYTES), (3, 0)])
def test_a_model_is_loaded_as_it_is_placed(
    vad: SileroVad,
    tiny_en: Path,
    monkeypatch: pytest.MonkeyPatch,
    cpu_threads: int,
    small_below: int,
) -> None:
    monkeypatch.setattr(placement, "SMALL_MODEL_BYTES", small_below)
    loaded = load(tiny_en, vad, cpu_threads=cpu_threads)
    assert loaded.lanes == (2 if small_below else 1)
    assert loaded.express_lanes == 1
    assert loaded._model.model.num_workers == loaded.lanes + loaded.express_lanes
    assert loaded.batch_size == 1
    loaded.close()


@pytest.mark.parametrize(("fast_s", "lanes", "threads"), [(60.0, 2, 1), (0.0, 1, 2)])
def test_two_cores_run_two_calls_where_one_thread_is_fast_enough(
    vad: SileroVad,
    tiny_en: Path,
    monkeypatch: pytest.MonkeyPatch,
    fast_s: float,
    lanes: int,
    threads: int,
) -> None:
    monkeypatch.setattr(loading, "FAST_ENCODE_S", fast_s)
    loaded = load(tiny_en, vad, cpu_threads=2)
    assert (loaded.lanes, loaded._placement.threads) == (lanes, threads)
    assert loaded._model.model.num_workers == lanes + 1
    assert loaded._model.model.model_is_loaded
    assert loaded.batch_size == CPU_BATCH
    loaded.close()


def test_the_better_of_two_calls_is_how_fast_a_thread_is(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.5, 1.0, 1.1])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    assert loading._encode_seconds(Mock(), None) == pytest.approx(0.1)


PROGRAM = """
    import sys
    from pathlib import Path
    import numpy as np
    from wyoming_voice_stack.asr.engine import Speech, TranscriptionRequest
    from wyoming_voice_stack.asr.vad.segmenter import cut_out
    from wyoming_voice_stack.asr.vad.silero import SileroVad
    from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
    from wyoming_voice_stack.machine.memory import share_one_heap

    share_one_heap()
    needless = {"torch", "onnxruntime", "av"}
    heavy = {"ctranslate2", "faster_whisper", "huggingface_hub", *needless}
    assert not heavy & set(sys.modules), "imported too early"

    def resident_mb():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    recognizer = WhisperRecognizer.load(
        Path(sys.argv[1]), device="cpu", compute_type="int8", cpu_threads=2, beam_size=5,
        vad=SileroVad.installed(),
    )
    samples = np.load(sys.argv[2])
    segmenter = recognizer.new_segmenter()
    segmenter.push(samples)
    segmenter.finish()
    speeches = [
        Speech(cut_out(samples, span), TranscriptionRequest()) for span in segmenter.spans
    ]
    texts = [next(recognizer.transcribe([one], lambda: True))[1].text for one in speeches]
    busy_mb = resident_mb()
    recognizer.close()
    # getrusage would report the peak of the parent process as well.
    [peak] = [l for l in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in l]
    peak_mb = int(peak.split()[1]) * 1024 / 1e6
    print(texts[0], sorted(needless & set(sys.modules)), peak_mb, busy_mb, resident_mb(), sep="|")
"""


def test_a_process_with_what_it_needs_within_its_memory(tiny_en: Path, tmp_path: Path) -> None:
    recording = tmp_path / "speech.npy"
    np.save(recording, np.tile(np.pad(say("Stop the music in the kitchen."), 8_000), 10))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), tiny_en, recording],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    text, needless, peak_mb, busy_mb, closed_mb = done.stdout.strip().split("|")
    assert "kitchen" in text
    assert needless == "[]"
    assert float(peak_mb) < MAX_RESIDENT_MB
    # With the freed memory kept by the C library, three quarters would stay.
    assert float(closed_mb) < 0.65 * float(busy_mb)
