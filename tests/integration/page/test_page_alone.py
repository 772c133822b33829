"""The page in a browser, with a server whose answers the test decides."""

from __future__ import annotations

import io
import wave
from pathlib import Path

from tests.support.fake_servers.fake_page_server import FakePageServer
from tests.support.integration.web_page import WebPage


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
    kept = downloads / "speech.wav"
    # Another test may have kept one.
    kept.unlink(missing_ok=True)
    tts.last_byte.set()
    page.open(tts.url)
    page.click("#say")
    page.click("#spoken button")
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


def test_the_other_server_says_a_sentence(page: WebPage, asr: FakePageServer) -> None:
    page.open(asr.url)
    page.wait_for("#record")
    assert not page.is_shown("#sample-form")
    assert not page.is_shown("#other")
    # It is found while the page is open.
    asr.show_state(other={"mode": "tts", "url": "http://192.168.1.5:10200/ui/"})
    page.wait(lambda: page.is_shown("#sample-form"))
    assert page.find("#other").get_attribute("href") == "http://192.168.1.5:10200/ui/"
    asr.last_byte.set()
    page.type("#sample", "Close the door.")
    page.click("#sample-form button")
    page.wait_for_text("#heard", "Turn on the light.")
    [(_, path, body), (_, upload, sent)] = asr.requests
    assert (path, body) == ("/ui/api/sample", {"text": "Close the door."})
    assert upload == "/v1/audio/transcriptions"
    with wave.open(io.BytesIO(sent["file"])) as file:
        assert (file.getframerate(), file.getnframes()) == (24_000, 24_000)
    # A server that has no page, or that this browser does not reach, still speaks.
    asr.show_state(other={"mode": "tts", "url": None})
    page.wait(lambda: not page.is_shown("#other"))
    assert page.is_shown("#sample-form")
    asr.answers.error = (
        502,
        "The text-to-speech server at 192.168.1.5:10200 does not answer.",
        "x",
    )
    page.click("#sample-form button")
    page.wait_for_text("#hear-error", "The text-to-speech server at 192.168.1.5:10200 does not")
    assert all("502 (Bad Gateway)" in line for line in page.log())
    asr.show_state(other=None)
    page.wait(lambda: not page.is_shown("#sample-form"))


def test_a_recording_takes_the_place_of_a_sentence(page: WebPage, asr: FakePageServer) -> None:
    asr.answers.state |= {"other": {"mode": "tts", "url": None}}
    page.open(asr.url)
    page.click("#sample-form button")
    page.wait(lambda: asr.requests)
    page.click("#record")
    page.wait_for_text("#partial", "Turn on")
    asr.last_byte.set()
    assert page.text("#hear-state") == "Recording"
    page.click("#record")
    page.wait_for_text("#heard", "Turn on the light.")
    # The sentence was neither heard nor reported as a failure.
    assert "/v1/audio/transcriptions" not in [path for _, path, _ in asr.requests]
    assert page.text("#hear-error") == ""
