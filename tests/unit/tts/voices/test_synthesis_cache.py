from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.fakes import FakeSynthesizer
from tests.support.tts_client import samples, serving, tell
from tests.support.voice_files import speech, write
from wyoming_voice_stack.errors import NoAudio
from wyoming_voice_stack.tts.backend import SpeakingOptions
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import Playback
from wyoming_voice_stack.tts.voices.synthesis_cache import MAX_PHRASE_CHARACTERS, Phrase, Phrases

ANNA = CloneSource("anna", (Path("anna.wav"),), "1")
HELLO = SynthesisRequest("Hello.", "en", voice="joe")
SPEAKING = SpeakingOptions(sentence_pause_ms=100, cache_bytes=1_000_000)


def phrase(size_bytes: int = 400) -> Phrase:
    return Phrase(8000, (np.zeros(size_bytes // 4, np.float32),))


class TestPhrases:
    def test_the_same_request_of_any_reply(self) -> None:
        phrases, kept = Phrases(1000), phrase()
        phrases.put(HELLO, kept)
        assert phrases.get(replace(HELLO, playback=Playback())) is kept

    @pytest.mark.parametrize(
        "other",
        [
            replace(HELLO, text="Hello!"),
            replace(HELLO, language="de"),
            replace(HELLO, voice="amy"),
            replace(HELLO, speaker="2"),
            replace(HELLO, speed=1.1),
            replace(HELLO, voice=None, clone=ANNA),
        ],
    )
    def test_another_request(self, other: SynthesisRequest) -> None:
        phrases = Phrases(1000, clones=True)
        phrases.put(HELLO, phrase())
        assert phrases.get(other) is None

    def test_a_recording_that_changed_is_another_voice(self) -> None:
        phrases = Phrases(1000, clones=True)
        asked = replace(HELLO, voice=None, clone=ANNA)
        phrases.put(asked, phrase())
        assert phrases.get(asked) is not None
        assert phrases.get(replace(asked, clone=replace(ANNA, fingerprint="2"))) is None

    def test_bounded_and_the_one_not_used_for_longest_goes(self) -> None:
        phrases = Phrases(1000)
        first, second, third = (replace(HELLO, text=text) for text in ("One.", "Two.", "Three."))
        phrases.put(first, phrase())
        phrases.put(second, phrase())
        phrases.get(first)
        phrases.put(third, phrase())
        assert [phrases.get(one) is None for one in (first, second, third)] == [False, True, False]

    def test_put_again_takes_its_room_once(self) -> None:
        phrases = Phrases(1000)
        for _ in range(5):
            phrases.put(HELLO, phrase(800))
        phrases.put(replace(HELLO, text="Hi."), phrase(200))
        assert phrases.get(HELLO) is not None

    def test_one_that_is_too_large_drives_nobody_out(self) -> None:
        phrases = Phrases(1000)
        phrases.put(HELLO, phrase())
        phrases.put(replace(HELLO, text="Hi."), phrase(2000))
        assert phrases.get(HELLO) is not None

    def test_clones_only_if_asked(self) -> None:
        asked = replace(HELLO, voice=None, clone=ANNA)
        assert not Phrases(1000).takes(asked)
        assert Phrases(1000, clones=True).takes(asked)

    def test_nothing_long_and_nothing_at_all_without_room(self) -> None:
        assert not Phrases(10**9).takes(replace(HELLO, text="a" * (MAX_PHRASE_CHARACTERS + 1)))
        assert not Phrases(0).takes(HELLO)


class TestReplies:
    async def test_second_time_without_the_engine(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Turned on the light. And this too.").event()
            first = await tell(service.open_session("a"), said)
            second = await tell(service.open_session("b"), said)
        assert len(engine.requests) == 2
        assert samples(first) == samples(second) > 0
        assert [event.payload for event in first] == [event.payload for event in second]

    async def test_by_default_not_for_cloned_voices(self, tmp_path: Path) -> None:
        write(tmp_path / "clara.wav", speech())
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Hello.", voice=SynthesizeVoice(name="clara")).event()
            for _ in range(2):
                await tell(service.open_session("a"), said)
        assert len(engine.requests) == 2

    async def test_what_failed_is_not_kept(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Hello.").event()
            engine.pieces = 0
            with pytest.raises(NoAudio):
                await tell(service.open_session("a"), said)
            engine.pieces = 2
            assert samples(await tell(service.open_session("a"), said))
        assert len(engine.requests) == 2
