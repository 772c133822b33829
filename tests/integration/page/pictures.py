"""Takes the pictures for docs/page.md; scripts/take_pictures.sh runs it.

A browser shows the pages of real servers: Whisper, which hears a fake microphone, Piper, and a small XTTS
checkpoint with two voices, cloned from recordings that are made here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from PIL import Image

from tests.support.checkpoints.tiny_xtts import make_tiny_xtts
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.integration.web_page import WebPage, browsing
from tests.support.speech import say

DESKTOP = (1100, 940)
PHONE = (390, 1080)
COLOURS = 128
RATE = 48_000
SPOKEN = "Please close the garage door."
RECORDED = "Please close the garage door. What is the temperature in the living room?"
NAMED = {"WEB_UI": "full", "ZEROCONF_NAME": "Voice Stack"}


@contextmanager
def shown(folder: Path) -> Iterator[tuple[Server, Server, Server]]:
    """Servers that hear, speak, and speak in cloned voices."""
    for part in ("asr", "tts", "cloning", "voices"):
        (folder / part).mkdir()
    for person in ("anna", "ben"):
        soundfile.write(folder / "voices" / f"{person}.wav", say(RECORDED), 16_000)
    checkpoint = make_tiny_xtts(folder / "XTTS-v2")
    voices = {"VOICES_DIR": str(folder / "voices"), "TTS_MODEL": str(checkpoint)}
    with (
        running("tts", folder / "tts", NAMED, TTS_MODEL=EMBEDDED_PIPER) as tts,
        running(
            "asr",
            folder / "asr",
            NAMED,
            ASR_MODEL=EMBEDDED_WHISPER,
            TTS_PORT=str(tts.port),
        ) as asr,
        running("tts", folder / "cloning", NAMED | voices) as cloning,
    ):
        yield asr, tts, cloning


def take(page: WebPage, folder: Path, name: str) -> None:
    """Keep what the browser shows, in few colours."""
    page.wait(lambda: page.script("return document.getAnimations().length === 0"))
    path = folder / f"{name}.png"
    page.driver.save_screenshot(str(path))
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)


def take_speaking(page: WebPage, tts: Server, folder: Path) -> None:
    page.open(f"http://{tts.host}:{tts.port}/ui/")
    # The first sentence after the start takes longer.
    for sentence in ("Good evening.", "Dinner is ready in ten minutes."):
        page.type("#speak-text", sentence)
        page.click("#say")
        page.wait_for("#speak-result[data-phase=done]")
    page.wait_for("#histograms svg")
    page.script("scrollTo(0, 0); document.activeElement.blur()")
    take(page, folder, "page-speak")


def take_adding(page: WebPage, cloning: Server, folder: Path) -> None:
    page.resize(PHONE)
    page.prefer(prefers_color_scheme="dark", prefers_reduced_motion="reduce")
    page.open(f"http://{cloning.host}:{cloning.port}/ui/")
    page.click("#add-voice summary")
    page.type("#voice-name", "Clara")
    page.click("#record-voice")
    page.wait_for_text("#voice-level-word", "Good")
    page.script("document.getElementById('add-voice').scrollIntoView()")
    take(page, folder, "page-voice")


def take_hearing(page: WebPage, asr: Server, folder: Path) -> None:
    page.open(f"http://{asr.host}:{asr.port}/ui/")
    page.wait_for("#sample-form")
    page.click("#record")
    page.wait_for_the_end_of_speech("#hear-level")
    page.click("#record")
    page.wait_for_any_text("#heard")
    page.wait_for("#histograms svg")
    page.script("scrollTo(0, 0); document.activeElement.blur()")
    take(page, folder, "page-hear")


def take_all(folder: Path) -> None:
    """Take the pictures."""
    with TemporaryDirectory() as kept:
        microphone = Path(kept) / "spoken.wav"
        pause = np.zeros(RATE, np.float32)
        speech = np.concatenate([say(SPOKEN, RATE), pause])
        soundfile.write(microphone, speech, RATE, subtype="PCM_16")
        with (
            shown(Path(kept)) as (asr, tts, cloning),
            browsing(microphone, flags=["--hide-scrollbars"]) as page,
        ):
            page.resize(DESKTOP)
            take_hearing(page, asr, folder)
            take_speaking(page, tts, folder)
            take_adding(page, cloning, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take the pictures for docs/page.md.")
    parser.add_argument("folder", type=Path)
    take_all(parser.parse_args().folder)
