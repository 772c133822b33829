"""Unusual texts: each is spoken completely or refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.checkpoints.tiny_xtts import LANGUAGES, make_tiny_xtts
from tests.support.fakes import FakeSynthesizer
from tests.support.integration.client import longest_mistake, words
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
DAY_OUT = (
    "this morning I opened the bedroom window and looked at the garden where the apple tree was full"
    " of birds and then I went down to the kitchen and made a pot of coffee while my sister was"
    " still asleep upstairs and the radio said that the weather would be warm and sunny until the"
    " weekend so we planned a trip to the lake but my brother called at breakfast and asked if he"
    " could borrow our old car because his train was late again and so we put bread and cheese and"
    " some fruit in a basket and left a note for our neighbor on the table and on the road we passed"
    " a farm with white horses and a small church with a red roof and the children talked about"
    " school in the back of the car and when we arrived the water was cold but clear and a few"
    " people were already swimming near the boats and my father took us across to the island with"
    " the old castle where we climbed up the stone steps to the tower and could see the mountains"
    " far away in the south and a friendly guide explained how the king had lost his crown in a"
    " storm many years ago and after lunch we slept in the shade under the trees and woke up when"
    " the wind became stronger and dark clouds came over the hills and we hurried back to the shore"
    " before the rain began and in the evening we cooked soup with carrots and potatoes from the"
    " market and my mother told a story about her first teacher who loved music and then we drove"
    " home through the forest and saw a deer standing beside the road and everybody was tired and"
    " happy and went to bed without watching television and tomorrow I have to work in the office"
    " again but I will remember this beautiful day for a long time"
)
"""Seven times what Piper takes at once, without a mark. No two parts are alike, and every word is common:
in numbers or nonsense, the small speech-to-text model gets lost."""
MAX_MISTAKE_WORDS = 6
"""The small model gets up to two words in a row wrong; a part of the text is forty."""
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
        recording = await client.synthesize(tts_server.uri, DAY_OUT)
        assert loud_share(recording) > 0.75
        heard = await client.transcribe(asr_server.uri, recording, language="en")
        assert longest_mistake(heard.text, DAY_OUT) <= MAX_MISTAKE_WORDS

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
