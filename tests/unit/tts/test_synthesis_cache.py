from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.fakes import FakeSynthesizer
from tests.support.tts_client import open_session, samples, serving, tell
from tests.support.voice_files import speech, write
from wyoming_voice_stack.errors import NoAudio
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.synthesis_cache import (
    MAX_CACHED_CHARACTERS,
    CachedSentence,
    SynthesisCache,
)

ANNA = CloneSource("anna", (Path("anna.wav"),), "1")
HELLO = SynthesisRequest("Hello.", "en", voice="joe")
HOME = "192.168.1.5"
SPEAKING = SynthesisOptions(sentence_pause_ms=100, cache_bytes=1_000_000)


def cached(size_bytes: int = 400) -> CachedSentence:
    return CachedSentence(8000, (np.zeros(size_bytes // 4, np.float32),))


class TestCache:
    def test_an_equal_request_of_any_reply(self) -> None:
        synthesis_cache, kept = SynthesisCache(1000), cached()
        synthesis_cache.put(HELLO, HOME, kept)
        assert synthesis_cache.get(replace(HELLO), HOME) is kept

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
        synthesis_cache = SynthesisCache(1000, clones=True)
        synthesis_cache.put(HELLO, HOME, cached())
        assert synthesis_cache.get(other, HOME) is None

    def test_a_recording_that_changed_is_another_voice(self) -> None:
        synthesis_cache = SynthesisCache(1000, clones=True)
        asked = replace(HELLO, voice=None, clone=ANNA)
        synthesis_cache.put(asked, HOME, cached())
        assert synthesis_cache.get(asked, HOME) is not None
        assert (
            synthesis_cache.get(replace(asked, clone=replace(ANNA, fingerprint="2")), HOME) is None
        )

    def test_bounded_and_the_one_not_used_for_longest_goes(self) -> None:
        synthesis_cache = SynthesisCache(1000)
        first, second, third = (replace(HELLO, text=text) for text in ("One.", "Two.", "Three."))
        synthesis_cache.put(first, HOME, cached())
        synthesis_cache.put(second, HOME, cached())
        synthesis_cache.get(first, HOME)
        synthesis_cache.put(third, HOME, cached())
        assert [synthesis_cache.get(one, HOME) is None for one in (first, second, third)] == [
            False,
            True,
            False,
        ]

    def test_put_again_takes_its_room_once(self) -> None:
        synthesis_cache = SynthesisCache(1000)
        for _ in range(5):
            synthesis_cache.put(HELLO, HOME, cached(800))
        synthesis_cache.put(replace(HELLO, text="Hi."), HOME, cached(200))
        assert synthesis_cache.get(HELLO, HOME) is not None

    def test_a_sentence_that_is_too_large_drops_no_other(self) -> None:
        synthesis_cache = SynthesisCache(1000)
        synthesis_cache.put(HELLO, HOME, cached())
        synthesis_cache.put(replace(HELLO, text="Hi."), HOME, cached(2000))
        assert synthesis_cache.get(HELLO, HOME) is not None

    def test_clones_only_if_asked(self) -> None:
        asked = replace(HELLO, voice=None, clone=ANNA)
        assert not SynthesisCache(1000).accepts(asked)
        assert SynthesisCache(1000, clones=True).accepts(asked)

    def test_nothing_long_and_nothing_at_all_without_room(self) -> None:
        assert not SynthesisCache(10**9).accepts(
            replace(HELLO, text="a" * (MAX_CACHED_CHARACTERS + 1))
        )
        assert not SynthesisCache(0).accepts(HELLO)

    def test_not_for_another_address(self) -> None:
        synthesis_cache = SynthesisCache(1000)
        synthesis_cache.put(HELLO, HOME, cached())
        assert synthesis_cache.get(HELLO, "192.168.1.6") is None
        synthesis_cache.put(HELLO, "192.168.1.6", cached())
        assert synthesis_cache.get(HELLO, HOME) is not None


class TestReplies:
    async def test_second_time_without_the_engine(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Turned on the light. And this too.").event()
            first = await tell(open_session(service, "a"), said)
            second = await tell(open_session(service, "b"), said)
        assert len(engine.requests) == 2
        assert samples(first) == samples(second) > 0
        assert [event.payload for event in first] == [event.payload for event in second]

    async def test_nothing_is_kept_unless_it_is_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept: list[object] = []
        monkeypatch.setattr(SynthesisCache, "put", lambda *put: kept.append(put))
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SynthesisOptions()) as service:
            said = Synthesize(text="Turned on the light.").event()
            for _ in range(2):
                assert samples(await tell(open_session(service, "a"), said))
        # No time can tell the second request from the first: the engine computes both.
        assert len(engine.requests) == 2
        assert engine.requests[0] == engine.requests[1]
        assert kept == []

    async def test_what_another_client_had_said_is_generated_again(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Turned on the light.").event()
            for name in ("192.168.1.5:4000", "192.168.1.6:4000", "192.168.1.5:4001"):
                assert samples(await tell(open_session(service, name), said))
        assert len(engine.requests) == 2

    async def test_by_default_not_for_cloned_voices(self, tmp_path: Path) -> None:
        write(tmp_path / "clara.wav", speech())
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Hello.", voice=SynthesizeVoice(name="clara")).event()
            for _ in range(2):
                await tell(open_session(service, "a"), said)
        assert len(engine.requests) == 2

    async def test_what_failed_is_not_kept(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path, speaking=SPEAKING) as service:
            said = Synthesize(text="Hello.").event()
            engine.chunks = 0
            with pytest.raises(NoAudio):
                await tell(open_session(service, "a"), said)
            engine.chunks = 2
            assert samples(await tell(open_session(service, "a"), said))
        assert len(engine.requests) == 2
