"""Voices, models, figures and the log in a browser, with a server whose answers the test decides."""

from __future__ import annotations

import io
import wave

from tests.support.fake_servers.fake_page_server import FakePageServer, model, voice
from tests.support.fake_servers.page_figures import FIGURES
from tests.support.integration.web_page import WebPage


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


def test_a_good_recording_needs_no_advice(page: WebPage, tts: FakePageServer) -> None:
    tts.answers.problems = []
    page.open(tts.url)
    page.choose("#language", "de")
    page.click("#add-voice summary")
    page.wait_for_any_text("#read-text")
    page.type("#voice-name", "Anna")
    page.click("#record-voice")
    page.wait_for_text("#voice-level-word", "Gut")
    page.click("#record-voice")
    page.click("#save-voice")
    page.wait_for_text("#verdict", "8.0 Sekunden Sprache, keine Probleme gefunden.")
    page.wait_for_text("#voice-state", "„Anna“ ist gespeichert. Die Aufnahme ist gut.")


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
    page.click("#key-form button")
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
