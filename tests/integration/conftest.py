from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running


@pytest.fixture(scope="session")
def asr_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Whisper tiny.en."""
    with running("asr", tmp_path_factory.mktemp("asr"), ASR_MODEL=EMBEDDED_WHISPER) as server:
        yield server


@pytest.fixture(scope="session")
def tts_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Piper voice."""
    with running("tts", tmp_path_factory.mktemp("tts"), TTS_MODEL=EMBEDDED_PIPER) as server:
        yield server
