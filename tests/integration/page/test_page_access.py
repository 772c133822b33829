"""The page for everyone: languages, keyboard, phones, colours, screen readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_servers.fake_page_server import FakePageServer, model, voice
from tests.support.fake_servers.page_figures import FIGURES
from tests.support.integration.web_page import PHONE, WebPage

KEYS = {"tab": "\ue004", "enter": "\ue007", "space": " ", "control": "\ue009"}


def test_german(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url)
    page.choose("#language", "de")
    page.wait_for_text("#hear-title", "Zuhören")
    page.wait_for_text("#state", "Bereit")
    assert page.script("return document.documentElement.lang") == "de"
    page.open(asr.url)
    page.wait_for_text("#hear-title", "Zuhören")


def test_everything_is_reached_by_the_keyboard(page: WebPage, tts: FakePageServer) -> None:
    tts.last_byte.set()
    page.open(tts.url)
    page.wait_for("#voice-list li")
    seen = []
    for _ in range(60):
        page.press(KEYS["tab"])
        focused = page.script("return document.activeElement.id")
        seen.append(focused)
        if focused == "say":
            page.press(KEYS["enter"])
            page.wait_for("#speak-result[data-phase=done]")
        if focused == "speak-text":
            page.press("a b")
    order = [each for each in dict.fromkeys(seen) if each]
    assert order[:5] == ["language", "speak-text", "speak-voice", "speak-speed", "say"]
    assert {"my-home-assistant", "log-filter", "copy-report"} <= set(order)
    assert tts.requests[0][2]["input"].endswith("a b")


@pytest.mark.parametrize("mode", ["tts", "asr"])
def test_a_phone_of_320_pixels_scrolls_only_down(page: WebPage, mode: str) -> None:
    with FakePageServer(mode, model="a-very-long-name-of-a-model/" * 3) as server:
        server.answers.figures = FIGURES
        server.answers.voices.append(voice("n" * 60, kind="cloned", can_delete=True))
        page.resize(PHONE)
        page.open(server.url)
        page.wait_for("#now dd")
        page.script("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.overflow() <= 0
        page.choose("#language", "de")
        page.wait_for_text("#now", "Verbindungen")
        page.script("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.overflow() <= 0
        page.leave()


def test_dark_and_light_differ(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    background = "return getComputedStyle(document.body).backgroundColor"
    light = page.script(background)
    page.prefer(prefers_color_scheme="dark")
    assert page.script(background) != light


def test_nothing_moves_if_the_user_prefers_that(page: WebPage, asr: FakePageServer) -> None:
    page.prefer(prefers_reduced_motion="reduce")
    page.open(asr.url)
    page.click("#record")
    page.wait_for("#record.recording")
    style = "return getComputedStyle(document.getElementById('record')).animationName"
    assert page.script(style) == "none"
    page.prefer(prefers_reduced_motion="no-preference")
    assert page.script(style) == "pulse"
    page.click("#cancel-hearing")


def test_insecure_addresses_say_why_there_is_no_microphone(
    page: WebPage, asr: FakePageServer, microphone: Path
) -> None:
    page.open(asr.url.replace("127.0.0.1", "voice.lan"))
    page.wait_for_text("#no-microphone-why", "http://voice.lan")
    page.wait_for_text("#no-microphone-why", "not your browser")
    assert page.text("#ssh-line").startswith("ssh -L ")
    assert not page.find("#record").is_displayed()
    page.find("#file").send_keys(str(microphone))
    page.wait_for_text("#heard", "Turn on the light.")
    page.click("#copy-text")
    page.wait_for_text("#hear-state", "Copied")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["tts", "asr"])
def test_axe_finds_no_violations(page: WebPage, axe: str, mode: str, scheme: str) -> None:
    with FakePageServer(mode, key_required=True) as server:
        server.answers.figures = FIGURES
        server.answers.models.append(model("far", state="remote", needs="Set X."))
        server.answers.voices.append(
            voice("anna", kind="cloned", can_delete=True, problems=["It is short."])
        )
        server.answers.lines = [{"time": 1_796_000_000, "level": "INFO", "text": "Listening"}]
        server.last_byte.set()
        page.prefer(prefers_color_scheme=scheme)
        page.open(server.url)
        page.wait_for("#now dd")
        page.wait_for("#model-list li")
        if mode == "tts":
            page.click("#say")
            page.wait_for("#speak-result[data-phase=done]")
        page.script("for (const each of document.querySelectorAll('details')) each.open = true")
        assert page.violations(axe) == []
        page.leave()
