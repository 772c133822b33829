"""Several replies share an engine, and a cancelled reply stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, _GeneratorContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.engines import pieces_of, piper_source, spoken
from wyoming_voice_stack.server.assembly.tts import MAX_SENTENCES_AT_ONCE
from wyoming_voice_stack.tts.engine import SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSynthesizer
from wyoming_voice_stack.tts.engines.piper.engine import PiperSynthesizer
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence, decode_in_chunks
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
from wyoming_voice_stack.tts.engines.vits.torch_voice import TorchSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import ChunkSizer
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.scheduling.scheduler_turn import SchedulerTurn

LONG = "The kitchen light is on, and so is the one in the hall. " * 2
CLIENTS = 3


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name of the thread for each window that was decoded."""
    names: list[str] = []

    def recorded(decode: Callable[..., Any]) -> Callable[..., Any]:
        def record(self: Any, window: Any, threads: int) -> Any:
            names.append(threading.current_thread().name)
            return decode(self, window, threads)

        return record

    for kind in (StreamingSentence, TorchSentence):
        monkeypatch.setattr(kind, "decode", recorded(kind.decode))
    return names


def speak_together(engine: Any, request: SynthesisRequest) -> None:
    """Send the same request from several threads while the engine is busy, until all of them wait."""

    def listen() -> None:
        playback = PlaybackBuffer()
        for piece in engine.synthesize(request, playback):
            playback.add(len(piece) / engine.sample_rate)

    clients = [threading.Thread(target=listen, name=str(each)) for each in range(CLIENTS)]
    turns = engine._scheduler
    turns._at_once = 1
    with turns.acquire(PlaybackBuffer()):
        for client in clients:
            client.start()
        while len(turns._waiting) < CLIENTS and any(client.is_alive() for client in clients):
            threading.Event().wait(0.001)
    for client in clients:
        client.join()


@pytest.mark.parametrize("length", [0, 50])
def test_a_sentence_that_is_already_synthesized_is_one_chunk(length: int) -> None:
    samples = np.arange(length, dtype=np.float32)
    whole = WholeSentence(samples)
    assert (whole.frames, whole.hop) == (1, max(1, length))
    [(chunk, is_last)] = decode_in_chunks(lambda _: whole, 1000, FairScheduler(), PlaybackBuffer())
    np.testing.assert_array_equal(chunk, samples)
    assert is_last


class TestTogether:
    @pytest.mark.parametrize("name", ["joe", "vits"])
    def test_every_request_gets_a_first_chunk_before_any_gets_a_second(
        self, name: str, decoded: list[str], request: pytest.FixtureRequest
    ) -> None:
        engine: SpeechSynthesizer = request.getfixturevalue(name)
        text = LONG if name == "joe" else "guten morgen zusammen " * 4
        asked = SynthesisRequest(text, engine.card.languages[0])
        speak_together(engine, asked)
        assert len(decoded) >= 2 * CLIENTS
        assert sorted(decoded[:CLIENTS]) == ["0", "1", "2"]

    @pytest.mark.parametrize(("name", "lanes"), [("joe", 32), ("vits", 16)])
    def test_there_are_several_lanes(
        self, name: str, lanes: int, request: pytest.FixtureRequest
    ) -> None:
        assert request.getfixturevalue(name).lanes == lanes <= MAX_SENTENCES_AT_ONCE

    def test_seed_and_speed_are_a_sentence_s_own(self, vits: CoquiSynthesizer) -> None:
        asked = [
            SynthesisRequest("guten morgen zusammen " * 2, "de", speed=speed)
            for speed in (0.8, 1.0, 1.6)
        ]
        alone = [spoken(vits, each) for each in asked]
        together: dict[int, Any] = {}
        gate = threading.Barrier(len(asked))

        def speak(number: int) -> None:
            gate.wait()
            together[number] = spoken(vits, asked[number])

        clients = [threading.Thread(target=speak, args=(each,)) for each in range(len(asked))]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        for number, sound in enumerate(alone):
            # The chunks depend on other requests; the waveform does not.
            assert len(together[number]) == len(sound)
            assert np.abs(together[number] - sound).max() < 1e-5

    def test_one_thread_at_a_time_makes_phonemes(
        self, joe: PiperSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inside = threading.Semaphore(1)
        piper = joe._model._piper
        phonemize = piper.phonemize
        both = threading.Barrier(2)

        def alone(text: str) -> Any:
            assert inside.acquire(blocking=False), "two threads read at once"
            try:
                return phonemize(text)
            finally:
                inside.release()

        monkeypatch.setattr(piper, "phonemize", alone)
        failed: list[BaseException] = []

        def read() -> None:
            both.wait()
            try:
                for _ in range(50):
                    joe._model.phoneme_ids(LONG)
            except AssertionError as error:
                failed.append(error)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert not failed

    @pytest.mark.parametrize(
        ("threads", "at_once", "alone"),
        [(None, 9, 8), (1, 8, 1), (2, 4, 2), (3, 2, 3), (9, 1, 8)],
    )
    def test_sentences_are_computed_in_parallel_while_cores_are_free(
        self,
        piper_model: Path,
        monkeypatch: pytest.MonkeyPatch,
        threads: int | None,
        at_once: int,
        alone: int,
    ) -> None:
        monkeypatch.setattr(
            "wyoming_voice_stack.tts.engines.piper.engine.available_cores", lambda: 8
        )
        monkeypatch.setattr(
            "wyoming_voice_stack.tts.engines.piper.engine.load_model", lambda *_, **__: _NoReader()
        )
        engine = piper_source(piper_model, threads=threads).load()
        assert engine._scheduler._at_once == at_once
        heard = PlaybackBuffer()
        heard.add(1.0)
        with engine._scheduler.acquire(heard) as turn:
            assert turn.threads == alone
            with ExitStack() as others:
                for _ in range(at_once - 1):
                    others.enter_context(engine._scheduler.acquire(heard))
                assert turn.threads == max(1, min(alone, 8 // at_once))


class _NoReader:
    sample_rate = 16_000


class TestStopping:
    @pytest.mark.parametrize("name", ["joe", "vits"])
    def test_a_closed_sentence_decodes_no_more(
        self, name: str, decoded: list[str], request: pytest.FixtureRequest
    ) -> None:
        engine = request.getfixturevalue(name)
        text = LONG if name == "joe" else "guten morgen zusammen " * 4
        pieces = pieces_of(engine, SynthesisRequest(text, engine.card.languages[0]))
        for count in (1, 2):
            next(pieces)
            assert len(decoded) == count
            # Between two chunks, other requests can take a turn.
            assert not engine._scheduler._running
        pieces.close()
        assert len(decoded) == 2
        assert spoken(engine, SynthesisRequest("ja", engine.card.languages[0])).any()


def test_all_chunks_of_a_sentence_have_its_number() -> None:
    numbers: list[int | None] = []

    class Recording(FairScheduler):
        def acquire(
            self, playback: PlaybackBuffer, sentence: int | None = None
        ) -> _GeneratorContextManager[SchedulerTurn, None, None]:
            numbers.append(sentence)
            return super().acquire(playback, sentence)

    class Sentence:
        frames, hop, decoding_share = 100, 100, 1.0

        def decode(self, window: Window, threads: int = 1) -> Any:
            return np.zeros((window.stop - window.start) * self.hop, np.float32)

    playback = PlaybackBuffer()
    chunks = list(decode_in_chunks(lambda _: Sentence(), 1000, Recording(), playback))
    assert len(chunks) == len(numbers) > 2
    assert None not in numbers
    assert len(set(numbers)) == 1


@pytest.mark.parametrize(("share", "measured_s"), [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_work_that_was_done_while_encoding_does_not_count_as_fast_decoding(
    share: float, measured_s: float
) -> None:
    """Otherwise the next sentence would get chunks that take longer than what is left to play."""
    measured: list[float] = []

    class Sizer(ChunkSizer):
        def record_chunk(self, audio_s: float, took_s: float) -> None:
            measured.append(audio_s)

    class Sentence:
        frames, hop, decoding_share = 10, 100, share

        def decode(self, window: Window, threads: int = 1) -> Any:
            return np.zeros((window.stop - window.start) * self.hop, np.float32)

    scheduler = FairScheduler()
    scheduler.sizer = Sizer()
    for _ in decode_in_chunks(lambda _: Sentence(), 1000, scheduler, PlaybackBuffer()):
        pass
    assert sum(measured) == pytest.approx(measured_s)
