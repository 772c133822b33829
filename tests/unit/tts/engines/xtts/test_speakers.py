"""Which conditioning tensors are kept, and for how long."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.support.fakes import WAIT_SECONDS
from tests.support.speaker_maker import Maker
from tests.support.voice_files import speech, write
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.xtts import speakers as voices
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerStore
from wyoming_voice_stack.tts.voices.cloning import recording_thread
from wyoming_voice_stack.tts.voices.cloning.latent_cache import LatentCache
from wyoming_voice_stack.tts.voices.cloning.listing import list_recordings
from wyoming_voice_stack.tts.voices.folder import clone_source

Asking: TypeAlias = Callable[[str], SynthesisRequest]
SHAPES = {voices.LATENT: (1, 2, 3), voices.SPEAKER: (1, 4, 1)}


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def kept(maker: Maker) -> SpeakerStore:
    return SpeakerStore({}, maker)


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    """A function that requests a voice by name, with its recording as it is on disk."""

    def ask(name: str) -> SynthesisRequest:
        path = tmp_path / "voices" / f"{name}.wav"
        if not path.exists():
            write(path, speech()[: 32_000 + ord(name[-1])])
        takes = list_recordings(path.parent).voices[name]
        return SynthesisRequest("yes.", "en", clone=clone_source(name, takes))

    return ask


def recording_of(request: SynthesisRequest) -> Path:
    assert request.clone is not None
    return request.clone.paths[0]


class TestKeeping:
    """Caching in memory by the recordings' contents."""

    def test_a_voice_is_cloned_once(self, kept: SpeakerStore, maker: Maker, asking: Asking) -> None:
        assert kept.conditioning_for(asking("a")) is kept.conditioning_for(asking("a"))
        assert maker.made == [["a"]]

    def test_the_least_recently_used_is_dropped(
        self, kept: SpeakerStore, maker: Maker, asking: Asking, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(voices, "MAX_KEPT_CLONES", 2)
        for name in "abacab":
            kept.conditioning_for(asking(name))
        assert maker.made == [["a"], ["b"], ["c"], ["b"]]

    def test_a_touched_recording_is_the_same(
        self, kept: SpeakerStore, maker: Maker, asking: Asking
    ) -> None:
        first = asking("a")
        before = kept.conditioning_for(first)
        os.utime(recording_of(first), (1, 1))
        again = asking("a")
        assert again != first
        assert kept.conditioning_for(again) is before
        assert len(maker.made) == 1

    def test_a_changed_recording_is_read_again(
        self, kept: SpeakerStore, maker: Maker, asking: Asking
    ) -> None:
        first = asking("a")
        before = kept.conditioning_for(first)
        write(recording_of(first), speech()[:40_000])
        assert kept.conditioning_for(asking("a")) is not before
        assert len(maker.made) == 2

    def test_what_changes_while_it_is_cloned_is_not_kept(
        self, maker: Maker, asking: Asking, tmp_path: Path
    ) -> None:
        request = asking("a")
        path = recording_of(request)

        def clone(paths: list[str], _: Sequence[bytes]) -> tuple[Any, Any]:
            if not maker.made:
                write(path, speech()[:40_000])
            return maker(paths)

        cache = LatentCache(tmp_path / "cache", "model", SHAPES)
        kept = SpeakerStore({}, clone, cache=cache)
        before = kept.conditioning_for(request)
        assert not (tmp_path / "cache").exists()
        assert kept.conditioning_for(asking("a")) is not before

    def test_a_cloned_voice_outlives_its_recording(
        self, kept: SpeakerStore, asking: Asking
    ) -> None:
        request, other = asking("a"), asking("b")
        before = kept.conditioning_for(request)
        for each in (request, other):
            assert each.clone is not None
            each.clone.paths[0].unlink()
        assert kept.conditioning_for(request) is before
        with pytest.raises(UnknownVoice, match=r"'b' cannot be used \(No such file"):
            kept.conditioning_for(other)

    def test_a_model_without_speakers_is_reported(self, kept: SpeakerStore) -> None:
        with pytest.raises(UnknownVoice, match="recording to the voices folder"):
            kept.conditioning_for(SynthesisRequest("yes.", "en"))

    def test_a_model_that_fails_is_reported(
        self, kept: SpeakerStore, maker: Maker, asking: Asking
    ) -> None:
        maker.fail = True
        with pytest.raises(UnknownVoice, match=r"'a' cannot be used.*too little of it"):
            kept.conditioning_for(asking("a"))
        maker.fail = False
        assert kept.conditioning_for(asking("a"))

    def test_preparing_clones_ahead(self, kept: SpeakerStore, maker: Maker, asking: Asking) -> None:
        request = asking("a")
        assert request.clone is not None
        kept.prepare(request.clone)
        kept.conditioning_for(request)
        assert len(maker.made) == 1


class TestRestart:
    @pytest.fixture
    def started(self, maker: Maker, tmp_path: Path) -> Callable[[], SpeakerStore]:
        return lambda: SpeakerStore(
            {}, maker, cache=LatentCache(tmp_path / "cache", "model", SHAPES), device="cpu"
        )

    def test_never_clones_again(
        self, started: Callable[[], SpeakerStore], maker: Maker, asking: Asking
    ) -> None:
        before = started().conditioning_for(asking("a"))
        again = started().conditioning_for(asking("a"))
        assert len(maker.made) == 1
        assert again.gpt_cond_latent.equal(before.gpt_cond_latent)
        assert again.speaker_embedding.equal(before.speaker_embedding)

    def test_a_damaged_cache_file_is_replaced(
        self, started: Callable[[], SpeakerStore], maker: Maker, asking: Asking, tmp_path: Path
    ) -> None:
        started().conditioning_for(asking("a"))
        [path] = (tmp_path / "cache").iterdir()
        path.write_bytes(path.read_bytes()[:-1])
        started().conditioning_for(asking("a"))
        started().conditioning_for(asking("a"))
        assert len(maker.made) == 2

    def test_a_changed_recording_is_cloned_again(
        self, started: Callable[[], SpeakerStore], maker: Maker, asking: Asking
    ) -> None:
        request = asking("a")
        assert request.clone is not None
        started().conditioning_for(request)
        write(request.clone.paths[0], speech()[:40_000])
        started().conditioning_for(asking("a"))
        assert len(maker.made) == 2


class TestThreads:
    @pytest.fixture
    def pool(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(4) as pool:
            yield pool

    def test_one_clones_and_the_others_wait(
        self, kept: SpeakerStore, maker: Maker, asking: Asking, pool: ThreadPoolExecutor
    ) -> None:
        hold = maker.hold["a"] = threading.Event()
        asked = [pool.submit(kept.conditioning_for, asking("a")) for _ in range(4)]
        assert maker.entered.wait(WAIT_SECONDS)
        hold.set()
        likenesses = [each.result(WAIT_SECONDS) for each in asked]
        assert len(maker.made) == 1
        assert all(each is likenesses[0] for each in likenesses)

    def test_other_voices_do_not_wait(
        self, kept: SpeakerStore, maker: Maker, asking: Asking, pool: ThreadPoolExecutor
    ) -> None:
        kept.conditioning_for(asking("b"))
        maker.entered.clear()
        hold = maker.hold["a"] = threading.Event()
        slow = pool.submit(kept.conditioning_for, asking("a"))
        assert maker.entered.wait(WAIT_SECONDS)
        try:
            for name in "bc":
                assert pool.submit(kept.conditioning_for, asking(name)).result(WAIT_SECONDS)
            assert not slow.done()
        finally:
            hold.set()
        assert slow.result(WAIT_SECONDS)

    def test_all_waiting_requests_get_the_failure(
        self, kept: SpeakerStore, maker: Maker, asking: Asking, pool: ThreadPoolExecutor
    ) -> None:
        maker.fail = True
        hold = maker.hold["a"] = threading.Event()
        asked = [pool.submit(kept.conditioning_for, asking("a")) for _ in range(2)]
        assert maker.entered.wait(WAIT_SECONDS)
        hold.set()
        for each in asked:
            assert isinstance(each.exception(WAIT_SECONDS), UnknownVoice)

    def test_waiting_times_out(
        self,
        kept: SpeakerStore,
        maker: Maker,
        asking: Asking,
        pool: ThreadPoolExecutor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(voices, "MAX_CLONING_SECONDS", 0.0)
        hold = maker.hold["a"] = threading.Event()
        slow = pool.submit(kept.conditioning_for, asking("a"))
        assert maker.entered.wait(WAIT_SECONDS)
        try:
            with pytest.raises(EngineError, match="takes longer than"):
                kept.conditioning_for(asking("a"))
        finally:
            hold.set()
        assert slow.result(WAIT_SECONDS)


def test_recordings_that_were_read_ahead_are_not_read_again(
    kept: SpeakerStore, maker: Maker, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asking("clara")
    source = request.clone
    assert source is not None
    path = source.paths[0]
    content = path.read_bytes()
    path.unlink()
    assert not kept.has_prepared(source)
    ahead = replace(source, contents=(content,))
    made = kept.conditioning_for(replace(request, clone=ahead))
    assert maker.contents == (content,)
    assert kept.has_prepared(source)
    path.write_bytes(content)
    # The same content, whether it is read ahead or not.
    assert kept.conditioning_for(asking("clara")) is made


def test_a_share_that_hangs_holds_no_engine(
    kept: SpeakerStore, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hang(_paths: object) -> str:
        answers.wait()
        return ""

    monkeypatch.setattr(recording_thread, "READ_SECONDS", 0.01)
    monkeypatch.setattr(voices, "content_key", hang)
    try:
        with pytest.raises(UnknownVoice, match=r"reading takes longer than 0\.01 s"):
            kept.conditioning_for(asking("clara"))
    finally:
        answers.set()
