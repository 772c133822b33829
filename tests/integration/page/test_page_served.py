"""The page of real servers in a browser: their models hear the microphone and speak to the player."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import pytest
from wyoming.tts import SynthesizeVoice

from tests.support.checkpoints.tiny_xtts import make_tiny_xtts
from tests.support.fake_servers.fake_hub import FakeHub, Repository
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running
from tests.support.integration.web_page import WebPage, require_browser
from wyoming_voice_stack.cli import client

REPOSITORY = "Systran/faster-whisper-base"
MODEL_FILES = {
    "config.json": b"{}",
    "model.bin": bytes(range(256)) * 8000,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a",
}
LONG = "The window in the kitchen is open. It will rain in ten minutes. " * 4
CHANGES = {"WEB_UI": "full"}


@pytest.fixture(scope="module")
def asr(tts: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("asr")
    other = {"TTS_PORT": str(tts.port)}
    with running("asr", folder, CHANGES | other, ASR_MODEL=EMBEDDED_WHISPER) as server:
        yield server


@pytest.fixture(scope="module")
def tts(steady_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_browser()
    folder = tmp_path_factory.mktemp("tts")
    with running("tts", folder, CHANGES, TTS_MODEL=f"piper:{steady_voice}") as server:
        yield server


@pytest.fixture(scope="module")
def cloning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_browser()
    folder = tmp_path_factory.mktemp("cloning")
    (folder / "voices").mkdir()
    checkpoint = make_tiny_xtts(folder / "checkpoint")
    with running("tts", folder, CHANGES, TTS_MODEL=str(checkpoint)) as server:
        yield server


def page_of(server: Server) -> str:
    return f"http://{server.host}:{server.port}/ui/"


def listens(server: Server) -> bool:
    assert server.process.poll() is None, server.log
    with suppress(OSError):
        server.get("/health")
        return True
    return False


def test_the_sound_starts_before_the_last_byte(page: WebPage, tts: Server) -> None:
    page.open(page_of(tts))
    page.script(
        "const result = document.getElementById('speak-result');"
        "new MutationObserver(() => { if (result.dataset.phase === 'sounding')"
        " window.sounded ??= performance.now(); }).observe(result, {attributes: true});"
    )
    page.type("#speak-text", LONG)
    page.click("#say")
    page.wait_for("#speak-result[data-phase=made], #speak-result[data-phase=done]")
    assert page.script(
        "const [made] = performance.getEntriesByType('resource')"
        ".filter(({name}) => name.endsWith('/v1/audio/speech'));"
        "return made.responseStart <= window.sounded && window.sounded < made.responseEnd"
    )
    page.click("#stop-speaking")


@pytest.mark.parametrize("ending", ["wav", "mp3", "ogg"])
def test_downloads_decode(page: WebPage, tts: Server, downloads: Path, ending: str) -> None:
    kept = downloads / f"speech.{ending}"
    kept.unlink(missing_ok=True)
    page.open(page_of(tts))
    page.click("#say")
    page.wait_for("#spoken button")
    page.choose("#speak-format", {"ogg": "opus"}.get(ending, ending))
    page.click("#spoken button")
    page.wait(kept.exists)
    with av.open(str(kept)) as file:
        samples = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert samples > 1


def test_what_the_microphone_hears_becomes_text(page: WebPage, asr: Server) -> None:
    page.open(page_of(asr))
    page.click("#record")
    page.wait_for_the_end_of_speech("#hear-level")
    page.click("#record")
    assert "garage" in page.wait_for_any_text("#heard")
    assert page.text("#hear-error") == ""


def test_a_file_becomes_text_and_subtitles(
    page: WebPage, asr: Server, microphone: Path, downloads: Path
) -> None:
    page.open(page_of(asr))
    page.find("#file").send_keys(str(microphone))
    page.wait_for_text("#heard", "garage door")
    page.click("#to-vtt")
    kept = downloads / "text.vtt"
    page.wait(kept.exists)
    assert kept.read_text("utf-8").startswith("WEBVTT")
    assert "garage door" in kept.read_text("utf-8")


def test_the_other_server_says_a_sentence(page: WebPage, asr: Server, tts: Server) -> None:
    page.open(page_of(asr))
    page.wait_for("#sample-form")
    assert page.find("#other").get_attribute("href") == page_of(tts)
    page.type("#sample", "Please close the garage door.")
    page.click("#sample-form button")
    assert "garage door" in page.wait_for_any_text("#heard").lower()
    page.click("#other")
    page.wait_for("#say")


async def test_a_recorded_voice_speaks_over_wyoming(page: WebPage, cloning: Server) -> None:
    page.open(page_of(cloning))
    page.click("#add-voice summary")
    page.type("#voice-name", "Anna")
    page.click("#record-voice")
    page.wait(lambda: re.match(r"([3-9]|\d\d)\S* sec", page.text("#voice-time")))
    page.click("#record-voice")
    page.click("#save-voice")
    page.wait_for_text("#voice-state", "Anna")
    page.wait_for("#voice-list [data-voice=Anna]")
    recording = await client.synthesize(cloning.uri, "Good morning.", SynthesizeVoice(name="Anna"))
    assert recording.pcm


def test_a_model_is_fetched_with_its_bar(page: WebPage, tmp_path: Path) -> None:
    repository = Repository(dict(MODEL_FILES), stalls={"model.bin"})
    with FakeHub({REPOSITORY: repository}) as hub:
        reaching = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
        with running("asr", tmp_path, CHANGES | reaching, ASR_MODEL=EMBEDDED_WHISPER) as server:
            page.open(page_of(server))
            page.click("#remote-part summary")
            page.click("[data-model=base] button")
            page.wait_for_text("#model-list [data-model=base] .progress-text", "50%")
            bar = page.find("#model-list progress")
            assert float(bar.get_attribute("value")) < float(bar.get_attribute("max"))
            hub.go_on.set()
            page.wait_for_text("#models-result", "base is downloaded")
            page.click("#model-list [data-model=base] button")
            page.click("#yes")
            page.wait_for_text("#models-result", "base is deleted")
            page.leave()


def test_the_page_recovers_when_the_server_restarts(
    page: WebPage, steady_voice: Path, tmp_path: Path
) -> None:
    model = {"TTS_MODEL": f"piper:{steady_voice}"}
    with running("tts", tmp_path, model) as first:
        page.open(page_of(first))
        page.wait_for_text("#state", "Ready")
        assert first.stop() == 0
        page.wait_for_text("#state", "No connection")
        with running("tts", tmp_path, model, port=first.port):
            page.wait_for_text("#state", "Ready")
            page.click("#say")
            page.wait_for("#speak-result[data-phase=done]")
            page.leave()
    assert all("ERR_" in line for line in page.log())


def test_a_server_that_cannot_load_says_why(page: WebPage, tmp_path: Path) -> None:
    offline = {"HF_HUB_OFFLINE": "1"}
    with running("asr", tmp_path, offline, ASR_MODEL="base", wait_for=None) as server:
        page.wait(lambda: listens(server))
        page.open(page_of(server))
        page.wait_for("#state[data-state=failed]")
        page.wait_for_text("#state", "base")
        page.leave()


def test_changes_are_off_by_default(page: WebPage, steady_voice: Path, tmp_path: Path) -> None:
    with running("tts", tmp_path, TTS_MODEL=f"piper:{steady_voice}") as server:
        page.open(page_of(server))
        page.wait_for_text("#voices-why", "WEB_UI=full")
        assert not page.all("#log")
        page.leave()


def test_a_browser_at_the_port_finds_the_page(page: WebPage, tts: Server) -> None:
    page.open(f"http://{tts.host}:{tts.port}/")
    assert page.driver.current_url.endswith("/ui/")


def test_axe_finds_no_violations(page: WebPage, axe: str, tts: Server, asr: Server) -> None:
    for server in (tts, asr):
        page.open(page_of(server))
        page.wait_for("#now dd")
        page.wait_for("#remote-part")
        page.script("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.violations(axe) == []
