"""Home Assistant itself, its Wyoming integration unmodified, against our real servers.

It runs as its own program in an environment of its own; the tests press what its owner presses
and say what an app says.
"""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass

import av
import numpy as np
import pytest

from tests.integration.home_assistant.home import Home, signed_in, until
from tests.integration.home_assistant.process import HomeAssistant
from tests.integration.home_assistant.setting_up import (
    ADDON_NAME,
    asr_by_zeroconf,
    assistant,
    by_address,
    entity,
    entries,
    keep_address,
    tts_by_supervisor,
)
from tests.integration.home_assistant.supervisor import Supervisor
from tests.support.fakes import eventually
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

pytestmark = pytest.mark.slow

SENTENCES = (
    "Turn on the kitchen lights.",
    "What is the temperature in the living room?",
    "Please close the garage door and lock the front door.",
)
VOICE = "en_US-joe-medium"


@dataclass(frozen=True)
class Installed:
    """Both servers in Home Assistant: their config entries and entities."""

    stt_entry: str
    stt_title: str
    tts_entry: str
    tts_title: str
    stt: str
    tts: str


@pytest.fixture(scope="session")
def installed(
    home_assistant: HomeAssistant,
    supervisor: Supervisor,
    announced_asr: Server,
    instance_name: str,
    tts_server: Server,
) -> Installed:
    async def install() -> Installed:
        async with signed_in(home_assistant) as home:
            await keep_address(home, home_assistant)
            heard = await asr_by_zeroconf(home, instance_name)
            spoken = await tts_by_supervisor(home, home_assistant, supervisor, tts_server)
            stt_entry, tts_entry = heard["result"]["entry_id"], spoken["result"]["entry_id"]
            return Installed(
                *(stt_entry, heard["title"], tts_entry, spoken["title"]),
                stt=await entity(home, "stt", stt_entry),
                tts=await entity(home, "tts", tts_entry),
            )

    return asyncio.run(install())


@pytest.fixture(scope="session")
def pipeline(home_assistant: HomeAssistant, installed: Installed) -> str:
    """The id of an assistant that uses both servers."""

    async def make() -> str:
        async with signed_in(home_assistant) as home:
            return await assistant(
                home,
                stt_engine=installed.stt,
                stt_language="en",
                tts_engine=installed.tts,
                tts_language="en-US",
                tts_voice=VOICE,
            )

    return asyncio.run(make())


def spoken(sentence: str) -> bytes:
    """A command as a satellite records it: 16 kHz, 16 bit, mono, with silence at its end."""
    return to_pcm16(np.concatenate((silence(0.3), say(sentence), silence(1.5))))


def played(sound: bytes) -> client.AudioClip:
    """The decoded samples of a sound file."""
    with av.open(io.BytesIO(sound), "r") as file:
        [stream] = file.streams.audio
        rate = stream.rate
        to_mono = av.AudioResampler("s16", "mono", rate)
        frames = [
            part.to_ndarray().tobytes()
            for frame in file.decode(stream)
            for part in to_mono.resample(frame)
        ]
    return client.AudioClip(rate, 2, 1, b"".join(frames))


class TestSettingUp:
    async def test_found_by_zeroconf_and_told_by_the_supervisor(
        self, home: Home, installed: Installed, announced_asr: Server, tts_server: Server
    ) -> None:
        ours = {entry["entry_id"]: entry for entry in await entries(home)}
        by_zeroconf, by_supervisor = ours[installed.stt_entry], ours[installed.tts_entry]
        assert by_zeroconf["source"] == "zeroconf"
        assert by_supervisor["source"] == "hassio"
        assert {by_zeroconf["state"], by_supervisor["state"]} == {"loaded"}
        assert installed.stt_title == "Voice Stack STT"
        assert installed.tts_title == ADDON_NAME

    async def test_engines_languages_and_voices(self, home: Home, installed: Installed) -> None:
        stt = await home.command("stt/engine/list", language="en")
        assert {"engine_id": installed.stt, "supported_languages": ["en"]} in stt["providers"]
        tts = await home.command("tts/engine/list", language="en")
        assert {"engine_id": installed.tts, "supported_languages": ["en-US"]} in tts["providers"]
        voices = await home.command("tts/engine/voices", engine_id=installed.tts, language="en-US")
        assert [voice["voice_id"] for voice in voices["voices"]] == [VOICE]

    async def test_by_hand(self, home: Home, announced_asr: Server) -> None:
        """Without multicast, the user enters the address."""
        made = await by_address(home, announced_asr)
        assert made["title"] == "Voice Stack STT"
        await home.delete(f"/api/config/config_entries/entry/{made['result']['entry_id']}")


class TestSpeechToText:
    async def test_words(self, home: Home, installed: Installed) -> None:
        for sentence in SENTENCES:
            heard = await home.heard(installed.stt, spoken(sentence))
            assert heard["result"] == "success"
            assert words(heard["text"]) == words(sentence)

    async def test_three_at_once(self, home: Home, installed: Installed) -> None:
        heard = await asyncio.gather(
            *(home.heard(installed.stt, spoken(sentence)) for sentence in SENTENCES)
        )
        assert [words(each["text"]) for each in heard] == [words(each) for each in SENTENCES]

    @pytest.mark.parametrize("seconds", [0.0, 2.0])
    async def test_silence_is_an_empty_text(
        self, home: Home, installed: Installed, seconds: float
    ) -> None:
        heard = await home.heard(installed.stt, to_pcm16(silence(seconds)))
        assert heard == {"text": "", "result": "success"}


class TestTextToSpeech:
    @pytest.mark.parametrize(
        ("kind", "content_type"), [("wav", "audio/x-wav"), ("mp3", "audio/mpeg")]
    )
    async def test_sound_that_says_it(
        self, home: Home, installed: Installed, announced_asr: Server, kind: str, content_type: str
    ) -> None:
        got, sound = await home.spoken(installed.tts, SENTENCES[1], preferred_format=kind)
        assert got == content_type
        heard = await client.transcribe(announced_asr.uri, played(sound))
        assert words(heard.text) == words(SENTENCES[1])

    async def test_three_at_once(
        self, home: Home, installed: Installed, announced_asr: Server
    ) -> None:
        async def said(sentence: str) -> list[str]:
            _, sound = await home.spoken(
                installed.tts, sentence, preferred_format="wav", voice=VOICE
            )
            heard = await client.transcribe(announced_asr.uri, played(sound))
            return words(heard.text)

        heard = await asyncio.gather(*map(said, SENTENCES))
        assert heard == [words(sentence) for sentence in SENTENCES]

    async def test_newer_releases_stream_the_text(
        self, home: Home, installed: Installed, home_assistant: HomeAssistant, tts_server: Server
    ) -> None:
        kind = "streaming" if home_assistant.release == "newest" else "plain"
        sample = f'voice_stack_requests_total{{kind="synthesize-{kind}",outcome="ok"}}'

        def answered() -> float:
            _, metrics = tts_server.get("/metrics")
            found = re.search(rf"^{re.escape(sample)} (\S+)$", metrics.decode(), re.MULTILINE)
            return float(found[1]) if found else 0.0

        before = answered()
        await home.spoken(installed.tts, SENTENCES[0], preferred_format="wav")
        assert answered() == before + 1

    async def test_an_unknown_voice_is_named_in_the_log(
        self, home: Home, installed: Installed, home_assistant: HomeAssistant
    ) -> None:
        if home_assistant.release == "oldest":
            pytest.skip("it ignores errors of a server")
        home_assistant.provoked.append("Unknown voice 'nobody'")
        with pytest.raises(AssertionError):
            await home.spoken(installed.tts, SENTENCES[0], voice="nobody")
        # Home Assistant writes its log in another thread.
        await eventually(lambda: "Unknown voice 'nobody'. Available voices: " in home_assistant.log)


class TestAssist:
    async def test_speech_to_intent_to_speech(
        self, home: Home, pipeline: str, announced_asr: Server
    ) -> None:
        await home.post("/api/services/light/turn_off", {"entity_id": "light.kitchen_lights"})
        events = await home.assist(spoken(SENTENCES[0]), pipeline)
        outputs = {event["type"]: event["data"] for event in events}
        assert "error" not in outputs
        assert words(outputs["stt-end"]["stt_output"]["text"]) == words(SENTENCES[0])
        assert (await home.get("/api/states/light.kitchen_lights"))["state"] == "on"
        response = outputs["intent-end"]["intent_output"]["response"]
        assert response["response_type"] == "action_done"
        _, sound = await home.download(outputs["tts-end"]["tts_output"]["url"])
        heard = await client.transcribe(announced_asr.uri, played(sound))
        assert words(heard.text) == words(response["speech"]["plain"]["speech"])

    async def test_nobody_speaks(self, home: Home, pipeline: str) -> None:
        events = await home.assist(to_pcm16(silence(2.0)), pipeline)
        [error] = [event["data"] for event in events if event["type"] == "error"]
        assert error["code"] == "stt-no-text-recognized"


class TestReload:
    async def test_unloaded_and_loaded_again(self, home: Home, installed: Installed) -> None:
        for entry_id in (installed.stt_entry, installed.tts_entry):
            path = f"/api/config/config_entries/entry/{entry_id}/reload"
            assert (await home.post(path)) == {"require_restart": False}
        await both_work(home, installed)

    async def test_disabled_and_enabled_again(self, home: Home, installed: Installed) -> None:
        for disabled_by in ("user", None):
            for entry_id in (installed.stt_entry, installed.tts_entry):
                done = await home.command(
                    "config_entries/disable", entry_id=entry_id, disabled_by=disabled_by
                )
                assert done == {"require_restart": False}
            offered = await home.command("stt/engine/list")
            engines = [provider["engine_id"] for provider in offered["providers"]]
            assert (installed.stt in engines) == (disabled_by is None)
        await both_work(home, installed)


async def both_work(home: Home, installed: Installed) -> None:
    async def loaded() -> bool | None:
        states = {entry["entry_id"]: entry["state"] for entry in await entries(home)}
        ours = {states[installed.stt_entry], states[installed.tts_entry]}
        return ours == {"loaded"} or None

    assert await until(loaded)
    heard = await home.heard(installed.stt, spoken(SENTENCES[0]))
    assert words(heard["text"]) == words(SENTENCES[0])
    kind, sound = await home.spoken(installed.tts, SENTENCES[0], preferred_format="wav")
    assert (kind, sound[:4]) == ("audio/x-wav", b"RIFF")
