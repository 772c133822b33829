"""The threads of all workers start when a model is loaded."""

from __future__ import annotations

import threading
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from wyoming_voice_stack.asr.whisper import loading


def test_a_call_for_each_worker_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").write_bytes(b"small")
    together = threading.Barrier(3, timeout=10)
    model = Mock(feature_extractor=lambda samples: np.zeros((80, len(samples) // 160)))
    model.model.n_mels = 80
    calls = iter(range(3))
    # Those after the first are alone.
    model.encode = lambda features: together.wait() if next(calls, None) is not None else None
    library = Mock(WhisperModel=Mock(return_value=model))
    monkeypatch.setattr(loading, "import_faster_whisper", lambda: library)
    loading._open_on(tmp_path, "cpu", "int8", 2)
    assert library.WhisperModel.call_args.kwargs["num_workers"] == 3
    assert not together.broken
