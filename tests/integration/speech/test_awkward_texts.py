"""Unusual texts: each is spoken completely or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.checkpoints.tiny_xtts import LANGUAGES, make_tiny_xtts
from tests.support.fakes import FakeSynthesizer
from tests.support.integration.client import words
from tests.support.integration.servers import Server, running
from tests.support.peers import peer
from tests.support.tts_client import kinds, open_session, serving, tell
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.text.language.tags import bcp47

NUMBERED = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
"""An order in which a swap is detected."""
LENGTH = 10_000
SPOKEN_LENGTH = 3000
"""Many times what an engine takes at once, and three minutes of speech."""
SHORTEST_BABBLE_S = 0.1
"""Of the small checkpoint, whose weights are random."""
MIXED = (
    "The light is on. Das Licht ist an. La lumière est allumée. 灯亮了。 ライトがついています。"
    " Свет включён. الضوء مضاء. बत्ती जल रही है. Światło włączone!"
)
GREETINGS = {
    "en": "Good morning, the light is on.",
    "es": "Buenos días, la luz está encendida.",
    "fr": "Bonjour, la lumière est allumée.",
    "de": "Guten Morgen, das Licht ist an.",
    "it": "Buongiorno, la luce è accesa.",
    "pt": "Bom dia, a luz está acesa.",
    "pl": "Dzień dobry, światło jest włączone.",
    "tr": "Günaydın, ışık açık.",
    "ru": "Доброе утро, свет включён.",
    "nl": "Goedemorgen, het licht is aan.",
    "cs": "Dobré ráno, světlo svítí.",
    "ar": "صباح الخير، الضوء مضاء.",
    "zh-cn": "早上好,灯亮了。",
    "hu": "Jó reggelt, a lámpa ég.",
    "ko": "좋은 아침입니다, 불이 켜져 있습니다.",
    "ja": "おはようございます、電気がついています。",
    "hi": "सुप्रभात, बत्ती जल रही है।",
}


@pytest.fixture(scope="module")
def xtts_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A small checkpoint of the real architecture, with no language set."""
    folder = tmp_path_factory.mktemp("xtts")
    checkpoint = make_tiny_xtts(folder / "checkpoint")
    with running("tts", folder, TTS_MODEL=str(checkpoint)) as server:
        yield server


MIN_HEARD_WORDS = 20
"""Of the 40 words that the voice speaks in twelve seconds."""
LAMPS = dict.fromkeys(("lap", "lamb", "lamps", "l", "lm"), "lamp")
SOUNDS_LIKE = LAMPS | {"for": "four", "to": "two"}
"""What the small model writes for a word in a sentence without sense."""


def without_a_mark(length: int) -> str:
    """Numbered words without punctuation, so that missing ones are detected."""
    counted = (f"{NUMBERED[number % 10]} lamp" for number in range(length))
    return " ".join(counted)[:length].rpartition(" ")[0]


async def refused(server: Server, text: str) -> str:
    async with peer(server.port) as home:
        await home.send(Synthesize(text=text).event())
        [error] = await home.rest()
    assert error.type == "error"
    return str(error.data["code"])


def loud_share(recording: AudioClip) -> float:
    """The share of tenths of a second that contain speech."""
    samples = np.frombuffer(recording.pcm, np.int16).astype(np.float32) / 32768
    step = recording.rate // 10
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    return float((np.sqrt(np.mean(frames**2, axis=1)) > 0.003).mean())


class TestEngineGetsItAll:
    """The text that reaches every engine."""

    @pytest.mark.parametrize(
        "text",
        [without_a_mark(LENGTH), "lamp" * (LENGTH // 4), "a " * (LENGTH // 2), "1 " * 5000],
        ids=["words", "one word", "letters", "digits"],
    )
    async def test_ten_thousand_characters_in_order(self, tmp_path: Path, text: str) -> None:
        engine = FakeSynthesizer()
        limit = 80
        async with serving(engine, tmp_path, speaking=_roomy()) as service:
            got = await tell(open_session(service), Synthesize(text=text).event())
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]
        said = [request.text for request in engine.requests]
        assert max(map(len, said)) <= limit
        spoken = text.replace("1", "one")
        assert _letters("".join(said)) == _letters(spoken)
        if " " in spoken.strip():
            assert words(" ".join(said)) == words(spoken)

    async def test_mixed_scripts_in_order(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=_roomy()) as service:
            await tell(open_session(service), Synthesize(text=MIXED).event())
        assert _letters("".join(request.text for request in engine.requests)) == _letters(MIXED)


class TestPiper:
    async def test_a_long_text_without_a_mark(self, tts_server: Server, asr_server: Server) -> None:
        text = without_a_mark(SPOKEN_LENGTH)
        recording = await client.synthesize(tts_server.uri, text)
        # This voice takes 0.06 s a character; half of that would be half of the text.
        assert 0.04 * SPOKEN_LENGTH < recording.seconds < 0.09 * SPOKEN_LENGTH
        assert loud_share(recording) > 0.75
        spoken = words(text)
        begins = await _heard(asr_server, recording, 0.0, 12.0)
        assert len(begins) > MIN_HEARD_WORDS
        assert _agreement(begins, spoken[: len(begins)]) > 0.8
        ends = await _heard(asr_server, recording, recording.seconds - 12.0, recording.seconds)
        assert len(ends) > MIN_HEARD_WORDS
        assert _agreement(ends, spoken[-len(ends) :]) > 0.8

    @pytest.mark.parametrize("text", ["a", "Z", "7", "I", "?7?", "0"])
    async def test_one_character(self, tts_server: Server, text: str) -> None:
        recording = await client.synthesize(tts_server.uri, text)
        assert 0.15 < recording.seconds < 1.5
        assert loud_share(recording) > 0.3

    async def test_three_hundred_emoji(self, tts_server: Server) -> None:
        assert await refused(tts_server, "🎉" * 300) == "empty-text"
        assert await refused(tts_server, "👩‍👩‍👧‍👦 " * 100) == "empty-text"
        around = await client.synthesize(tts_server.uri, f"Good {'🎉' * 300} night.")
        assert 0.4 < around.seconds < 2.0

    @pytest.mark.parametrize("text", ["", " \n ", "...", "!?", "---", "```\ncode\n```"])
    async def test_nothing_to_say_is_refused(self, tts_server: Server, text: str) -> None:
        assert await refused(tts_server, text) == "empty-text"

    async def test_mixed_languages(self, tts_server: Server) -> None:
        recording = await client.synthesize(tts_server.uri, MIXED)
        assert recording.seconds > 4
        assert loud_share(recording) > 0.4


class TestXtts:
    @pytest.mark.parametrize("code", LANGUAGES)
    async def test_each_language(self, xtts_server: Server, code: str) -> None:
        voice = SynthesizeVoice(language=bcp47(code))
        recording = await client.synthesize(xtts_server.uri, GREETINGS[code], voice)
        assert recording.seconds > SHORTEST_BABBLE_S

    @pytest.mark.parametrize("text", ["a", "7", MIXED, "灯", without_a_mark(600)])
    async def test_awkward(self, xtts_server: Server, text: str) -> None:
        recording = await client.synthesize(xtts_server.uri, text)
        assert recording.seconds > SHORTEST_BABBLE_S * max(1, len(text) / 150)

    async def test_emoji(self, xtts_server: Server) -> None:
        assert await refused(xtts_server, "🎉" * 300) == "empty-text"


def _roomy() -> SynthesisOptions:
    return SynthesisOptions(sentence_pause_ms=100, max_text_characters=100_000)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


async def _heard(server: Server, recording: AudioClip, begin_s: float, end_s: float) -> list[str]:
    frame = recording.width * recording.channels
    begin, end = (round(at * recording.rate) * frame for at in (begin_s, end_s))
    cut = AudioClip(recording.rate, recording.width, recording.channels, recording.pcm[begin:end])
    heard = (await client.transcribe(server.uri, cut, language="en")).text.lower()
    digits = {str(number): word for number, word in enumerate(NUMBERED, start=1)}
    found = re.findall(
        r"[a-z]+", re.sub(r"\d+", lambda number: f" {digits.get(number[0], '')} ", heard)
    )
    return [SOUNDS_LIKE.get(word, word) for word in found]


def _agreement(heard: list[str], said: list[str]) -> float:
    return SequenceMatcher(None, heard, said, autojunk=False).ratio()
