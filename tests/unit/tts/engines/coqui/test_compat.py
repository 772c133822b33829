from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.speech import say
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.coqui.compat import importing, read_recording


class TestImporting:
    @pytest.mark.parametrize("suffix", ["wav", "flac", "mp3"])
    def test_recordings_are_read(self, tmp_path: Path, suffix: str) -> None:
        import soundfile

        speech = 0.5 * say("Hello.", 22_050)
        path = tmp_path / f"take.{suffix}"
        soundfile.write(path, np.stack([speech, -speech], axis=1), 22_050)
        samples, sample_rate = read_recording(path)
        assert sample_rate == 22_050
        assert samples.shape[0] == 2
        assert samples.shape[1] == pytest.approx(len(speech), abs=2500)
        assert float(samples.abs().max()) == pytest.approx(0.5, rel=0.1)

    @pytest.mark.model
    def test_leaves_nothing_behind(self) -> None:
        script = """
import gc, logging, sys
from wyoming_voice_stack.tts.engines.coqui.compat import importing
with importing():
    assert not gc.isenabled()
    from TTS.tts.models.xtts import Xtts
assert gc.isenabled() and gc.get_freeze_count() > 100_000, gc.get_freeze_count()
assert getattr(sys.modules.get("torchcodec"), "__file__", "real")
assert logging.getLogger("TTS.tts").getEffectiveLevel() == logging.ERROR
frozen = gc.get_freeze_count()
with importing():
    pass
assert gc.isenabled() and gc.get_freeze_count() == frozen
"""
        subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=300)

    def test_reports_what_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "TTS.nothing", None)
        with pytest.raises(EngineError, match="pip install"), importing():
            import TTS.nothing  # noqa: F401 - its absence is the point
        assert gc.isenabled()
