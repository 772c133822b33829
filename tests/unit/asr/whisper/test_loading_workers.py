"""The threads of all workers start when a model is loaded."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from wyoming_voice_stack.asr.whisper import loading
from wyoming_voice_stack.asr.whisper.decoding import window


def test_a_call_for_each_worker_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").write_bytes(b"small")
    together = threading.Barrier(3, timeout=10)
    model = Mock(feature_extractor=lambda samples: np.zeros((80, len(samples) // 160)))
    model.model.n_mels = 80
    model.hf_tokenizer.token_to_id.return_value = 50_258
    calls = iter(range(3))
    # Those after the first are alone.
    model.encode = lambda features: together.wait() if next(calls, None) is not None else None
    library = Mock(WhisperModel=Mock(return_value=model))
    monkeypatch.setattr(loading, "import_faster_whisper", lambda: library)
    loading._open_on(tmp_path, "cpu", "int8", 2)
    assert library.WhisperModel.call_args.kwargs["num_workers"] == 3
    assert not together.broken


def test_a_slow_thread_leaves_one_model_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").write_bytes(b"small")
    models = [Mock(feature_extractor=lambda samples: np.zeros((80, 400))) for _ in range(2)]
    for model in models:
        model.model.n_mels = 80
        model.hf_tokenizer.token_to_id.return_value = 50_258
    library = Mock(WhisperModel=Mock(side_effect=models))
    monkeypatch.setattr(loading, "import_faster_whisper", lambda: library)
    monkeypatch.setattr(loading, "FAST_ENCODE_S", -1.0)
    opened, _ = loading._open_on(tmp_path, "cpu", "int8", 2)
    assert opened is models[1]
    models[0].model.unload_model.assert_called_once_with()
    models[1].model.unload_model.assert_not_called()


def test_without_memory_a_model_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix library would end the process."""

    def require(_size_bytes: int) -> None:
        raise MemoryError

    model = Mock(feature_extractor=lambda samples: np.zeros((80, len(samples) // 160)))
    model.model.n_mels, model.model.device = 80, "cpu"
    monkeypatch.setattr(window, "require_memory", require)
    with pytest.raises(MemoryError):
        loading._check_runs(model, tmp_path, 2)
    model.encode.assert_not_called()
