"""New voices are cloned ahead of their first request, and the voices folder is read again and again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.support.fakes import FAKE_CARD, FakeSynthesizer, eventually
from tests.support.tts_client import open_session, serving, tell
from tests.support.voice_files import speech, write
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts import service as service_module
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard
from wyoming_voice_stack.tts.voices import clone_preparation as preparation
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest
from wyoming_voice_stack.tts.voices.cloning import recording_thread
from wyoming_voice_stack.tts.voices.folder import VoicesFolder


class Cloning(FakeSynthesizer):
    def __init__(self, card: EngineCard = FAKE_CARD) -> None:
        super().__init__(card)
        self.prepared: list[str] = []
        self.sources: list[CloneSource] = []

    def has_prepared(self, source: CloneSource) -> bool:
        return source.name in self.prepared

    def prepare(self, source: CloneSource) -> None:
        self.prepared.append(source.name)
        self.sources.append(source)
        if source.name == "bad":
            raise UnknownVoice("The recordings of 'bad' cannot be used.")


async def test_a_new_voice_is_prepared_once(tmp_path: Path) -> None:
    engine = Cloning()
    async with serving(engine, tmp_path) as service:
        await tell(open_session(service), Synthesize(text="Hello.").event())
        for name in ("bad", "clara"):
            write(tmp_path / f"{name}.wav", speech())
        for _ in range(2):
            await service.refresh_voices()
        assert sorted(engine.prepared) == ["bad", "clara"]
        (tmp_path / "clara.wav").unlink()
        await service.refresh_voices()
        assert list(service.voices.clones) == ["bad"]
        assert len(service._preparation._prepared) == 1


async def test_the_number_of_prepared_voices_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "MAX_PREPARED_VOICES", 1)
    engine = Cloning()
    for name in ("anna", "clara"):
        write(tmp_path / f"{name}.wav", speech())
    async with serving(engine, tmp_path) as service:
        await tell(open_session(service), Synthesize(text="Hello.").event())
        await service.refresh_voices()
    assert engine.prepared == ["anna"]


async def test_a_folder_that_cannot_be_read_once_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reads: list[bool] = []

    def read(_: VoicesFolder, *, assessing: bool = True) -> dict[str, CloneSource]:
        reads.append(assessing)
        if len(reads) == 2:
            raise ValueError("a file that is none")
        return {}

    monkeypatch.setattr(VoicesFolder, "read", read)
    monkeypatch.setattr(service_module, "VOICES_REFRESH_SECONDS", 0.001)
    async with serving(Cloning(), tmp_path):
        await eventually(lambda: len(reads) >= 4)
    assert caplog.text.count("Reading the voices folder failed") == 1


async def test_a_share_that_hangs_does_not_reach_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recording_thread, "READ_SECONDS", 0.01)
    answers = threading.Event()

    def hang(_paths: object, _limit: int) -> tuple[bytes, ...]:
        answers.wait()
        return ()

    monkeypatch.setattr(preparation, "read_contents", hang)
    engine = Cloning()
    async with serving(engine, tmp_path) as service:
        await tell(open_session(service), Synthesize(text="Hello.").event())
        write(tmp_path / "clara.wav", speech())
        try:
            await service.refresh_voices()
            assert engine.prepared == []
            assert "The recordings of voice 'clara' cannot be used (reading takes" in caplog.text
            with pytest.raises(UnknownVoice, match="check the disk or the network share"):
                await service.open_reply(VoiceRequest(name="clara"), "test")
        finally:
            answers.set()


async def test_the_engine_gets_the_content_of_recordings(tmp_path: Path) -> None:
    engine = Cloning()
    write(tmp_path / "clara.wav", speech())
    content = (tmp_path / "clara.wav").read_bytes()
    async with serving(engine, tmp_path) as service:
        await tell(open_session(service), Synthesize(text="Hello.").event())
        await service.refresh_voices()
        assert [source.contents for source in engine.sources] == [(content,)]
        engine.sources.clear()
        await tell(
            open_session(service),
            Synthesize(text="Hello.", voice=SynthesizeVoice(name="clara")).event(),
        )
        spoken = engine.requests[-1].clone
        assert spoken is not None
        # The voice is cloned already.
        assert spoken.contents == ()
        engine.prepared.clear()
        reply = await service.open_reply(VoiceRequest(name="clara"), "test")
        clone = reply._selection.clone
        assert clone is not None
        assert clone.contents == (content,)
        again = await service.open_reply(VoiceRequest(name="clara"), "test")
        assert again._selection.clone is clone


async def test_recordings_in_memory_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("anna", "clara"):
        write(tmp_path / f"{name}.wav", speech())
    size = (tmp_path / "anna.wav").stat().st_size
    monkeypatch.setattr(preparation, "MAX_READ_AHEAD_BYTES", 2 * size - 1)
    async with serving(FakeSynthesizer(FAKE_CARD), tmp_path) as service:
        await service.refresh_voices()
        replies = [
            await service.open_reply(VoiceRequest(name=name), "test")
            for name in ("anna", "clara", "anna")
        ]
        clones = [reply._selection.clone for reply in replies]
        assert [len(clone.contents) for clone in clones if clone] == [1, 0, 1]
