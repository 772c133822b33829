"""A missing graphics card is reported before a model is downloaded for it."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSource
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource


@pytest.mark.model
@pytest.mark.parametrize("source", [CoquiSource, XttsSource])
def test_the_card_comes_before_the_download(source: type[CoquiSource | XttsSource]) -> None:
    download = Mock()
    files = ModelFiles("model", find=lambda: None, locate=download)
    with pytest.raises(EngineError, match=r"^TTS_DEVICE=cuda:99 cannot be used: "):
        source(files, device="cuda:99").load()
    download.assert_not_called()
