from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.fake_servers.fake_page_server import FakePageServer
from tests.support.fake_servers.page_figures import FIGURES
from tests.support.integration.web_page import WebPage, browsing, require_browser
from tests.support.speech import say

AXE = Path(__file__).parents[3] / "scripts" / "axe_core.sh"
NOT_AVAILABLE = 69
MICROPHONE_RATE = 48_000
NAMES = "--host-resolver-rules=MAP voice.lan 127.0.0.1, MAP evil.test 127.0.0.1"
"""Names that browsers do not count as this machine."""
SPOKEN = "Please close the garage door."


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording that the browser hears, with a pause at its end."""
    speech = say(SPOKEN, MICROPHONE_RATE)
    path = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    pause = np.zeros(MICROPHONE_RATE, np.float32)
    soundfile.write(path, np.concatenate([speech, pause]), MICROPHONE_RATE, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser keeps files."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(microphone: Path, downloads: Path) -> Iterator[WebPage]:
    require_browser()
    with browsing(microphone, downloads=downloads, flags=[NAMES]) as page:
        yield page


@pytest.fixture
def page(browser: WebPage) -> Iterator[WebPage]:
    """A window of desktop size; what the browser complains about fails the test."""
    browser.resize_to_desktop()
    yield browser
    browser.leave()
    assert browser.log() == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core; skipped without it, but in CI."""
    done = subprocess.run(["bash", str(AXE)], capture_output=True, text=True, check=False)
    if done.returncode == NOT_AVAILABLE and not os.environ.get("CI"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).read_text("utf-8")


@pytest.fixture
def tts(page: WebPage) -> Iterator[FakePageServer]:
    with FakePageServer("tts") as server:
        server.answers.figures = FIGURES
        yield server
        page.leave()


@pytest.fixture
def asr(page: WebPage) -> Iterator[FakePageServer]:
    with FakePageServer("asr") as server:
        server.answers.figures = FIGURES | {"histograms": []}
        yield server
        page.leave()
