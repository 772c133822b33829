"""Takes the pictures for docs/home-assistant.md; scripts/take_pictures.sh runs it.

A browser shows the newest Home Assistant with our two servers, discovered on the network. The voices
are those of a small XTTS checkpoint, two of them cloned from recordings that are made here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import soundfile

from tests.integration.home_assistant import process
from tests.integration.home_assistant.home import Home, signed_in, until
from tests.integration.home_assistant.process import HomeAssistant
from tests.integration.home_assistant.setting_up import (
    Entry,
    assistant,
    confirmed,
    entity,
    entries,
    keep_address,
)
from tests.integration.home_assistant.supervisor import supervising
from tests.support.checkpoints.tiny_xtts import make_tiny_xtts
from tests.support.integration.servers import EMBEDDED_WHISPER, running
from tests.support.speech import say

WIDTH = 1100
SETTLE_MS = 1500
"""After the last animation."""
COLOURS = 128
RECORDED = "Please close the garage door. What is the temperature in the living room?"
HIDE_BROKEN_IMAGES = """() => {
    const hide = root => {
        for (const each of root.querySelectorAll("*")) {
            if (each.localName === "img" && !each.naturalWidth) each.style.visibility = "hidden";
            if (each.shadowRoot) hide(each.shadowRoot);
        }
    };
    hide(document);
}"""
"""Logos come from the internet."""
BROWSER = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@contextmanager
def shown(folder: Path, names: tuple[str, str]) -> Iterator[HomeAssistant]:
    """Home Assistant and the two servers, announced under these names."""
    for part in ("asr", "tts", "voices"):
        (folder / part).mkdir()
    for person in ("anna", "ben"):
        soundfile.write(folder / "voices" / f"{person}.wav", say(RECORDED), 16000)
    checkpoint = make_tiny_xtts(folder / "checkpoint")
    with (
        running("asr", folder / "asr", announced(names[0]), ASR_MODEL=EMBEDDED_WHISPER),
        running(
            *("tts", folder / "tts", announced(names[1])),
            TTS_MODEL=str(checkpoint),
            VOICES_DIR=str(folder / "voices"),
        ),
        supervising() as supervisor,
        process.running("newest", folder / "config", supervisor) as home_assistant,
    ):
        yield home_assistant


def announced(name: str) -> dict[str, str]:
    return {
        "ZEROCONF": "true",
        "ZEROCONF_NAME": name,
        "HOST": "0.0.0.0",
        # Home Assistant connects to the address of the network, which may be a public one.
        "ALLOWED_CLIENTS": "any",
        "COQUI_TOS_AGREED": "1",
    }


class Camera:
    """A browser page in which the owner is signed in."""

    def __init__(self, page: Any, address: str, folder: Path) -> None:
        self._page, self._address, self._folder = page, address, folder

    async def sign_in(self, token: str) -> None:
        tokens = {
            "access_token": token,
            "token_type": "Bearer",
            "refresh_token": "",
            "hassUrl": self._address,
            "clientId": f"{self._address}/",
            "expires_in": 1800,
            "expires": int((time.time() + 1800) * 1000),
        }
        await self._page.goto(f"{self._address}/manifest.json")
        kept = {"hassTokens": json.dumps(tokens), "dockedSidebar": '"always_hidden"'}
        await self._page.evaluate("kept => Object.assign(localStorage, kept)", kept)

    async def open(self, path: str, text: str, height: int) -> None:
        """Open a page and wait for a text on it."""
        await self._page.set_viewport_size({"width": WIDTH, "height": height})
        await self._page.goto(f"{self._address}{path}")
        await self.wait_for(text)

    async def wait_for(self, text: str) -> None:
        await self._page.get_by_text(text).first.wait_for()

    async def press(self, role: str, name: str) -> None:
        await self._page.get_by_role(role, name=name).first.click()

    async def press_text(self, text: str) -> None:
        await self._page.get_by_text(text, exact=True).first.click()

    async def press_element(self, name: str) -> None:
        await self._page.locator(name).first.click()

    async def take(self, name: str) -> None:
        from PIL import Image

        path = self._folder / f"{name}.png"
        await self._page.wait_for_timeout(SETTLE_MS)
        await self._page.evaluate(HIDE_BROKEN_IMAGES)
        await self._page.screenshot(path=path)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)


async def only_ours(home: Home, names: tuple[str, str]) -> list[Entry]:
    """The discovery flows of the two servers; those of other devices are removed."""

    async def look() -> list[Entry] | None:
        flows = await home.command("config_entries/flow/progress")
        ours = [
            flow
            for flow in flows
            if str(flow["context"].get("unique_id")).startswith(tuple(f"{n}." for n in names))
        ]
        for flow in flows:
            # Without an id, Home Assistant is still asking the server what it is.
            if flow not in ours and flow["context"].get("unique_id"):
                await home.delete(f"/api/config/config_entries/flow/{flow['flow_id']}")
        return ours if len(ours) == len(names) else None

    return await until(look)


async def both_added(home: Home) -> dict[str, str]:
    """Confirm the second server once the first is added; return the ids of the entries by title."""

    async def look() -> bool | None:
        return bool(await entries(home)) or None

    await until(look)
    for flow in await home.command("config_entries/flow/progress"):
        await confirmed(home, flow)
    return {entry["title"]: entry["entry_id"] for entry in await entries(home)}


async def take_all(home_assistant: HomeAssistant, names: tuple[str, str], folder: Path) -> None:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright, signed_in(home_assistant) as home:
        await keep_address(home, home_assistant)
        await only_ours(home, names)
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=list(BROWSER)
        )
        camera = Camera(await browser.new_page(), home_assistant.address, folder)
        await camera.sign_in(home_assistant.token)

        await camera.open("/config/integrations/dashboard", "Voice Stack TTS", 720)
        await camera.take("discovered")
        await camera.open("/config/integrations/dashboard", "Voice Stack TTS", 600)
        await camera.press("button", "Add")
        await camera.wait_for("Do you want to")
        await camera.take("confirm")

        await camera.press("button", "Submit")
        ids = await both_added(home)
        await camera.open("/config/integrations/integration/wyoming", "Voice Stack TTS", 460)
        await camera.take("integration")

        made = await assistant(
            home,
            stt_engine=await entity(home, "stt", ids["Voice Stack STT"]),
            tts_engine=await entity(home, "tts", ids["Voice Stack TTS"]),
            stt_language="en",
            tts_language="en",
            tts_voice="Claribel Dervla",
        )
        await home.command("assist_pipeline/pipeline/set_preferred", pipeline_id=made)
        await camera.open("/config/voice-assistants/assistants", "Voice Stack", 1000)
        await camera.press_text("Voice Stack")
        await camera.wait_for("Text-to-speech")
        await camera.take("pipeline")
        await camera.press_element("ha-tts-voice-picker")
        await camera.wait_for("ben (cloned)")
        await camera.take("voice")
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take the pictures for docs/home-assistant.md.")
    parser.add_argument("folder", type=Path)
    target = parser.parse_args().folder
    instances = (f"pictures-{os.getpid()}-stt", f"pictures-{os.getpid()}-tts")
    with TemporaryDirectory() as kept, shown(Path(kept), instances) as running_home:
        asyncio.run(take_all(running_home, instances, target))
