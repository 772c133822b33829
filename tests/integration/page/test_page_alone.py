"""The page in a browser, with a server whose answers the test decides."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_page_server import FakePageServer, model, voice
from tests.support.integration.web_page import PHONE, WebPage

KEYS = {"tab": "\ue004", "enter": "\ue007", "space": " ", "control": "\ue009"}
FIGURES = {
    "now": {"connections": 2, "requests": 1, "queued": 3, "oldest_wait_s": 1.5},
    "histograms": [
        {
            "id": "first_audio",
            "unit": "s",
            "buckets": [{"le": 0.1, "count": 7}, {"le": 0.5, "count": 2}, {"le": None, "count": 1}],
        }
    ],
    "requests": 10,
    "errors": [{"code": "busy", "count": 4, "meaning": "Too much work is waiting."}],
}


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


def test_sound_starts_before_the_last_byte(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.type("#speak-text", "It rains.")
    page.click("#say")
    page.wait_for("#speak-result[data-phase=sounding]")
    assert page.text("#speak-result").startswith("First sound after")
    assert not tts.last_byte.is_set()
    tts.last_byte.set()
    page.wait_for("#speak-result[data-phase=done]")
    assert "1 sec of speech" in page.text("#speak-result")
    [(_, _, asked)] = tts.requests
    assert (asked["input"], asked["response_format"], asked["speed"]) == ("It rains.", "pcm", 1)


def test_the_download_has_all_samples(page: WebPage, tts: FakePageServer, downloads: Path) -> None:
    tts.last_byte.set()
    page.open(tts.url)
    page.click("#say")
    page.click("#spoken button")
    kept = downloads / "speech.wav"
    page.wait(kept.exists)
    with wave.open(str(kept)) as file:
        assert (file.getframerate(), file.getnframes()) == (24_000, 24_000)


def test_stopping_ends_the_request(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.click("#say")
    page.wait_for("#speak-result[data-phase=sounding]")
    page.click("#stop-speaking")
    page.wait_for_text("#speak-result", "Stopped.")
    assert page.text("#speak-error") == ""


def test_an_error_is_shown_in_the_words_of_the_server(page: WebPage, tts: FakePageServer) -> None:
    tts.answers.error = (400, "Unknown voice 'x'. <b>Available</b>: lessac.", "voice_not_found")
    page.open(tts.url)
    page.click("#say")
    page.wait_for_text("#speak-error", "Unknown voice 'x'. <b>Available</b>: lessac.")
    assert page.text("#speak-error code") == "voice_not_found"
    assert all("400 (Bad Request)" in line for line in page.log())


def test_the_microphone_becomes_text_while_it_is_heard(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url)
    page.choose("#hear-language", "de")
    page.type("#words", "Ottilie, Schönbrunn")
    page.click("#record")
    page.wait_for_text("#partial", "Turn on")
    assert page.text("#heard") == ""
    page.click("#record")
    page.wait_for_text("#heard", "Turn on the light.")
    assert page.text("#partial") == ""
    assert "after the end of" in page.text("#hear-figures")
    sent = [event for _, _, event in asr.requests]
    assert [event["type"] for event in sent[:1] + sent[-1:]] == [
        "session.update",
        "input_audio_buffer.commit",
    ]
    asked = sent[0]["session"]["audio"]["input"]["transcription"]
    assert asked == {"language": "de", "keywords": ["Ottilie", "Schönbrunn"]}


def test_a_recording_is_sent_as_a_file_where_no_websocket_passes(
    page: WebPage, asr: FakePageServer
) -> None:
    page.open(asr.url)
    page.script(
        "window.WebSocket = class extends EventTarget { close() {} send() {} "
        "constructor() { super(); setTimeout(() => this.onclose()); } }"
    )
    page.click("#record")
    page.wait_for("#record.recording")
    page.wait(lambda: float(page.script("return document.getElementById('hear-level').value")) > 0)
    page.click("#record")
    page.wait_for_text("#heard", "Turn on the light.")
    [(_, path, body)] = asr.requests
    assert path == "/v1/audio/transcriptions"
    with wave.open(io.BytesIO(body["file"])) as file:
        assert file.getframerate() == 24_000
        assert any(file.readframes(file.getnframes()))


def test_browsers_without_audio_worklet_record_a_file(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url)
    page.script("delete BaseAudioContext.prototype.audioWorklet")
    page.click("#record")
    page.wait_for("#record.recording")
    page.wait(lambda: page.script("return document.getElementById('hear-state').textContent"))
    page.click("#record")
    page.wait_for_text("#heard", "Turn on the light.")
    [(_, _, body)] = asr.requests
    # Every webm file starts like this.
    assert body["file"].startswith(b"\x1a\x45\xdf\xa3")


def test_a_file_becomes_text_and_subtitles(
    page: WebPage, asr: FakePageServer, microphone: Path, downloads: Path
) -> None:
    page.open(asr.url)
    page.find("#file").send_keys(str(microphone))
    page.wait_for_text("#heard", "Turn on the light.")
    page.click("#to-srt")
    page.wait((downloads / "text.srt").exists)
    first, second = [body for _, _, body in asr.requests]
    assert first["stream"] == "true"
    assert second["response_format"] == "srt"
    assert first["file"] == second["file"] == microphone.read_bytes()


def test_one_of_several_models_hears(page: WebPage, asr: FakePageServer, microphone: Path) -> None:
    page.open(asr.url)
    page.wait_for_text("#addresses", "127.0.0.1")
    assert not page.find("#hear-model").is_displayed()
    asr.answers.served[1:1] = [("large", "large", ["ro"])]
    page.open(asr.url)
    page.wait_for("#hear-model")
    shown = "return [...document.querySelectorAll('#hear-model option')].map((each) => each.value)"
    page.wait(lambda: page.script(shown) == ["base", "large"])
    page.choose("#hear-model", "large")
    page.choose("#hear-language", "ro")
    page.find("#file").send_keys(str(microphone))
    page.wait_for_text("#heard", "Turn on the light.")
    # Kept while the sections are built again.
    page.choose("#language", "de")
    page.wait_for_text("#hear-title", "Zuhören")
    page.wait(lambda: page.script("return document.getElementById('hear-model').value") == "large")
    page.wait(lambda: page.script("return document.getElementById('hear-language').value") == "ro")
    page.click("#record")
    page.wait_for_text("#partial", "Turn on")
    page.click("#record")
    page.wait_for_text("#heard", "Turn on the light.")
    page.choose("#language", "en")
    (_, _, first), (_, _, second) = asr.requests[:2]
    assert (first["model"], first["language"]) == ("large", "ro")
    asked = second["session"]["audio"]["input"]["transcription"]
    assert asked == {"language": "ro", "model": "large"}


def test_a_recording_with_and_without_names(
    page: WebPage, asr: FakePageServer, microphone: Path
) -> None:
    asr.answers.names |= {"configured": True, "areas": 2, "entities": 5, "since": 1_796_000_000}
    page.open(asr.url)
    page.wait_for_text("#names-text", "2 areas and 5 devices")
    page.click("#compare")
    page.wait_for_text("#names-error", "Record something")
    page.find("#file").send_keys(str(microphone))
    page.wait_for_text("#heard", "Turn on the light.")
    page.click("#compare")
    page.wait_for_text("#compared", "Turn on the lied.")
    rows = [row.text.split() for row in page.all("#compared > div")]
    assert rows == [
        ["With", "names", "Turn", "on", "the", "light."],
        ["Without", "names", "Turn", "on", "the", "lied."],
    ]
    assert page.text("#names-error") == ""
    sent = [body.get("household_names") for _, _, body in asr.requests]
    assert sent == [None, "true", "false"]


def test_addresses_are_those_of_the_browser(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url.replace("127.0.0.1", "voice.lan"))
    page.wait_for_text("#addresses", "voice.lan")
    assert str(asr.server.port) in page.text("#addresses")
    assert page.text("#api-addresses code") == asr.url.replace("127.0.0.1", "voice.lan").replace(
        "/ui/", "/v1"
    )
    asr.answers.state["by_ingress"] = True
    page.open(asr.url)
    page.wait_for_text("#addresses", "192.168.1.5")
    assert page.text("#api-addresses code") == "http://192.168.1.5:10300/v1"


def test_a_voice_is_recorded_and_added(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.click("#add-voice summary")
    page.wait_for_any_text("#read-text")
    page.choose("#read-language", "de")
    page.wait_for_text("#read-text", "Am Montagmorgen")
    page.type("#voice-name", "Anna")
    assert not page.find("#save-voice").is_enabled()
    page.click("#record-voice")
    page.wait_for_text("#voice-level-word", "Good")
    page.click("#record-voice")
    page.wait_for("#new-voice-sound")
    page.click("#save-voice")
    page.wait_for_text("#verdict", "It is short.")
    page.wait_for("#voice-list [data-voice=Anna]")
    page.wait_for_text("#voices-result", "reload the Wyoming integration")
    [(method, path, body)] = tts.requests
    assert (method, path, body["name"]) == ("POST", "/ui/api/voices", "Anna")
    assert tts.headers[0]["X-Voice-Stack"] == "1"
    with wave.open(io.BytesIO(body["file"])) as file:
        assert file.getnchannels() == 1
        assert file.getnframes() > 0


def test_voices_are_renamed_and_deleted(page: WebPage, tts: FakePageServer) -> None:
    tts.answers.voices.append(voice("a/b", kind="cloned", can_delete=True))
    page.open(tts.url)
    page.click("[data-voice='a/b'] button:nth-of-type(2)")
    page.type("#answer", "c")
    page.click("#yes")
    page.wait_for_text("#voices-result", "Done.")
    page.click("[data-voice='a/b'] button:nth-of-type(3)")
    page.click("#question button[value=no]")
    page.click("[data-voice='a/b'] button:nth-of-type(3)")
    page.click("#yes")
    page.wait(lambda: len(tts.requests) == 2)
    assert [(method, path) for method, path, _ in tts.requests] == [
        ("PUT", "/ui/api/voices/a/b"),
        ("DELETE", "/ui/api/voices/a/b"),
    ]


def test_names_of_openai_are_given_to_voices(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.click("#alias-part summary")
    page.choose("#alias-nova", "lessac")
    page.click("#save-aliases")
    page.wait_for_text("#voices-result", "saved")
    assert tts.requests == [("PUT", "/ui/api/aliases", {"aliases": {"nova": "lessac"}})]


def test_a_download_has_a_bar(page: WebPage, tts: FakePageServer) -> None:
    far = model("thorsten", languages=["de"], state="remote")
    tts.answers.models += [far, model("xtts", state="remote", needs="Set COQUI_TOS_AGREED=1.")]
    page.open(tts.url)
    page.click("#remote-part summary")
    page.wait_for_text("#remote-list", "Set COQUI_TOS_AGREED=1.")
    page.type("#model-filter", "german")
    page.wait(lambda: "xtts" not in page.text("#remote-list"))
    page.click("[data-model='group/thorsten'] button")
    page.wait_for_text("#models-result", "Downloading thorsten")
    fetch = {"id": "group/thorsten", "state": "fetching", "total": 200_000_000, "detail": ""}
    for done, shown in ((40_000_000, "20%"), (120_000_000, "60%")):
        tts.publish("fetch", fetch | {"bytes": done})
        page.wait_for_text("#model-list .progress-text", shown)
    bar = page.find("#model-list progress")
    assert float(bar.get_attribute("value")) / float(bar.get_attribute("max")) == 0.6
    far["state"] = "on-disk"
    tts.publish("fetch", fetch | {"bytes": 200_000_000, "state": "done"})
    page.wait_for_text("#models-result", "thorsten is downloaded.")
    page.wait(lambda: not page.all("#model-list progress"))


def test_the_state_is_told_in_words(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url)
    page.wait_for_text("#state", "Ready")
    asr.show_state(state="loading", progress=0.4, detail="Downloading base")
    page.wait_for_text("#state", "Loading 40%")
    page.wait_for("#loading")
    asr.show_state(state="resting", progress=None, detail="")
    page.wait_for_text("#state", "Unloaded while idle")
    asr.show_state(state="failed", detail="Model 'x' was not found. Set ASR_MODEL.")
    page.wait_for_text("#state", "Model 'x' was not found. Set ASR_MODEL.")
    assert page.find("#state").get_attribute("role") == "status"


def test_the_page_recovers_when_the_server_is_back(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.type("#speak-text", "Still here.")
    tts.stop()
    page.wait_for_text("#state", "No connection")
    tts.answers.voices.append(voice("new"))
    tts.start()
    page.wait_for_text("#state", "Ready")
    page.wait_for("#voice-list [data-voice=new]")
    assert page.script("return document.getElementById('speak-text').value") == "Still here."
    assert all("ERR_" in line for line in page.log())


def test_visitors_who_may_not_change_are_told_why(page: WebPage, tts: FakePageServer) -> None:
    tts.answers.voices.append(voice("anna", kind="cloned", can_delete=True))
    tts.answers.state |= {
        "can_change": False,
        "why_not": "Enter the API key.",
        "key_required": True,
    }
    page.open(tts.url)
    page.wait_for_text("#voices-why", "Enter the API key.")
    assert not page.all("#voice-list button")
    assert not page.all("#log")
    tts.answers.state |= {"can_change": True, "why_not": ""}
    page.type("#key", "secret")
    page.click("#key-form button[type=submit]")
    page.wait_for("#log")
    page.click("#say")
    page.wait_for("#speak-result[data-phase=sounding]")
    assert tts.headers[-1]["Authorization"] == "Bearer secret"


def test_figures_are_a_picture_and_a_table(page: WebPage, tts: FakePageServer) -> None:
    page.open(tts.url)
    page.wait_for_text("#histograms", "10 requests, median up to 100 ms")
    page.click("#histograms summary")
    rows = [row.text for row in page.all("#histograms tbody tr")]
    assert rows == ["up to 100 ms 7", "up to 500 ms 2", "longer 1"]
    page.wait_for_text("#error-list", "Too much work is waiting.")
    tts.publish("figures", FIGURES | {"requests": 11})
    page.wait_for_text("#now", "11")


def test_lines_of_the_log_are_filtered(page: WebPage, asr: FakePageServer) -> None:
    line = {"time": 1_796_000_000, "level": "INFO", "text": "Listening"}
    asr.answers.lines = [line]
    page.open(asr.url)
    page.wait_for_text("#log-lines", "Listening")
    asr.publish("log", line | {"level": "ERROR", "text": "The disk is full"})
    page.wait_for_text("#log-lines", "The disk is full")
    page.type("#log-filter", "error")
    page.wait(lambda: "Listening" not in page.text("#log-lines"))
    page.click("#copy-report")
    page.wait_for_text("#log-result", "copied")


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
