from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.engines import pieces_of, piper_source, spoken
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    NoAudio,
)
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.piper.engine import (
    MAX_CHARACTERS,
    PiperSource,
    PiperSynthesizer,
    piper_hub_path,
)
from wyoming_voice_stack.tts.engines.piper.loading import PiperModel
from wyoming_voice_stack.tts.engines.vits import sessions
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

SENTENCE = "The kitchen light is on, and so is the one in the hall."


def absent(reference: str) -> PiperSource:
    return PiperSource(ModelFiles(reference, find=lambda: None, locate=lambda: Path("/nowhere")))


@pytest.fixture
def copied(piper_model: Path, tmp_path: Path) -> Path:
    for path in (piper_model, piper_model.with_name(f"{piper_model.name}.json")):
        shutil.copy(path, tmp_path)
    return tmp_path / piper_model.name


def write_voice(folder: Path, **config: Any) -> Path:
    model = folder / "voice.onnx"
    model.write_bytes(b"")
    model.with_name("voice.onnx.json").write_text(json.dumps(config))
    return model


@pytest.mark.parametrize(("voice", "works"), [("xx-none", False), ("en-us", True), ("de", True)])
def test_voice_of_espeak(copied: Path, voice: str, *, works: bool) -> None:
    path = copied.with_name(f"{copied.name}.json")
    config = json.loads(path.read_bytes())
    config["espeak"]["voice"] = voice
    path.write_text(json.dumps(config))
    if works:
        piper_source(copied).load().close()
        return
    with pytest.raises(ModelCorrupt) as caught:
        piper_source(copied).load()
    assert str(caught.value).startswith(f"espeak-ng has no voice '{voice}', which {path} names.")


class TestHubPath:
    @pytest.mark.parametrize(
        ("name", "folder"),
        [
            ("en_US-lessac-medium", "en/en_US/lessac/medium"),
            ("en_GB-northern_english_male-medium", "en/en_GB/northern_english_male/medium"),
            ("zh_CN-huayan-x_low", "zh/zh_CN/huayan/x_low"),
            ("pt_PT-tugão-medium", "pt/pt_PT/tugão/medium"),
            ("fr_FR-mls_1840-low", "fr/fr_FR/mls_1840/low"),
            ("es_419-somebody-high", "es/es_419/somebody/high"),
        ],
    )
    def test_follows_the_repository(self, name: str, folder: str) -> None:
        assert piper_hub_path(name) == (f"{folder}/{name}.onnx", f"{folder}/{name}.onnx.json")

    @pytest.mark.parametrize(
        "name",
        ["", "lessac", "en-US-lessac-medium", "en_US-lessac", "en_US-../x-low", "en_US-a-best"],
    )
    def test_refuses_invalid_names(self, name: str) -> None:
        with pytest.raises(ModelNotFound, match="en_US-lessac-medium"):
            piper_hub_path(name)


class TestCard:
    def test_has_the_language_of_the_name(self) -> None:
        card = absent("de_DE-thorsten-high").card()
        assert card.languages == ("de-DE",)
        assert [voice.name for voice in card.voices] == ["de_DE-thorsten-high"]
        assert not card.clones

    def test_has_what_the_configuration_says(self, tmp_path: Path) -> None:
        model = write_voice(
            tmp_path, language={"code": "nl_BE"}, speaker_id_map={"b": 1, "a": 2, "c": 0}
        )
        voice = piper_source(model).card().voices[0]
        assert (voice.name, voice.languages, voice.speakers) == (
            *("voice", ("nl-BE",)),
            ("c", "b", "a"),
        )
        assert voice.speaker_ids == (0, 1, 2)

    def test_falls_back_to_the_pronunciation(self, tmp_path: Path) -> None:
        model = write_voice(tmp_path, language=None, espeak={"voice": "en-gb-x-rp"})
        assert piper_source(model).card().languages == ("en-GB",)

    def test_is_the_same_when_loaded(self, joe: PiperSynthesizer, piper_model: Path) -> None:
        assert joe.card == piper_source(piper_model).card()
        assert joe.card.languages == ("en-US",)

    def test_bounds_a_sentence(self) -> None:
        assert absent("de_DE-thorsten-high").max_characters("de") == MAX_CHARACTERS


class TestSpeaking:
    def test_returns_audio(self, joe: PiperSynthesizer) -> None:
        sound = spoken(joe, SynthesisRequest(SENTENCE, "en-US"))
        assert joe.sample_rate == 22_050
        assert sound.dtype == np.float32
        assert 2.0 < len(sound) / joe.sample_rate < 6.0
        assert 0.02 < np.sqrt(np.mean(np.square(sound))) < 0.5
        assert np.abs(sound).max() <= 1.0

    def test_the_first_chunk_is_short(
        self, joe: PiperSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A busy machine is slow, and would get longer chunks.
        monkeypatch.setattr(joe, "_scheduler", FairScheduler(clock=lambda: 0.0))
        pieces = [len(each) for each in pieces_of(joe, SynthesisRequest(SENTENCE, "en-US"))]
        assert pieces[0] < 0.3 * joe.sample_rate
        assert pieces[1] > 3 * pieces[0]

    def test_speaks_a_single_word(self, joe: PiperSynthesizer) -> None:
        assert np.abs(spoken(joe, SynthesisRequest("Ok.", "en-US"))).max() > 0.5

    def test_sounds_alike_each_time(self, joe: PiperSynthesizer) -> None:
        lengths = [len(spoken(joe, SynthesisRequest(SENTENCE, "en-US"))) for _ in range(3)]
        assert max(lengths) < 1.2 * min(lengths)

    @pytest.mark.parametrize(("speed", "shortest", "longest"), [(0.5, 1.5, 2.2), (2.0, 0.45, 0.8)])
    def test_follows_the_speed(
        self, joe: PiperSynthesizer, speed: float, shortest: float, longest: float
    ) -> None:
        usual = len(spoken(joe, SynthesisRequest(SENTENCE, "en-US")))
        changed = len(spoken(joe, SynthesisRequest(SENTENCE, "en-US", speed=speed)))
        # The voice rounds the length of each phoneme up, and is random.
        assert shortest < changed / usual < longest

    def test_serves_another_region(self, joe: PiperSynthesizer) -> None:
        assert len(spoken(joe, SynthesisRequest("Yes.", "en-GB", voice="en_US-joe-medium")))

    def test_speaks_after_an_abandoned_sentence(self, joe: PiperSynthesizer) -> None:
        abandoned = pieces_of(joe, SynthesisRequest(SENTENCE, "en"))
        next(abandoned)
        abandoned.close()
        assert len(spoken(joe, SynthesisRequest("Yes.", "en")))

    def test_puts_silence_between_its_own_sentences(self, piper_model: Path) -> None:
        engine = piper_source(piper_model, sentence_silence_ms=100, threads=1).load()
        first, *pieces, last = pieces_of(engine, SynthesisRequest("It is on. It is off.", "en"))
        engine.close()
        (between,) = [each for each in pieces if not each.any()]
        assert len(between) == 2_205
        assert first.any()
        assert last.any()

    @pytest.mark.parametrize("text", ["", "...", " "])
    def test_reports_text_without_words(self, joe: PiperSynthesizer, text: str) -> None:
        with pytest.raises(NoAudio):
            spoken(joe, SynthesisRequest(text, "en"))


class _Recording:
    """A model with several speakers, which no package contains: records its inputs and hums."""

    inputs = frozenset({"input", "input_lengths", "scales", "sid"})

    def __init__(self) -> None:
        self.feeds: list[dict[str, Any]] = []
        self.threads: list[int] = []
        self.failure: Exception | None = None
        self.sound = np.full(8, 0.5, np.float32)

    def encode(self, feeds: dict[str, Any], threads: int = 1) -> WholeSentence:
        self.feeds.append(feeds)
        self.threads.append(threads)
        if self.failure:
            raise self.failure
        return WholeSentence(self.sound)


class TestManySpeakers:
    @pytest.fixture
    def voice(self) -> _Recording:
        return _Recording()

    @pytest.fixture
    def engine(self, voice: _Recording, piper_model: Path, tmp_path: Path) -> PiperSynthesizer:
        from piper import PiperVoice
        from piper.config import PiperConfig

        known = json.loads(piper_model.with_name(f"{piper_model.name}.json").read_text())
        known |= {"num_speakers": 8, "speaker_id_map": {"a": 4, "b": 7}, "default_speaker_id": 4}
        known["inference"] = {"noise_scale": 0.6, "length_scale": 1.5, "noise_w": 0.9}
        model = write_voice(tmp_path, **known)
        piper = PiperModel(
            PiperVoice(session=None, config=PiperConfig.from_dict(known)),
            voice,  # type: ignore[arg-type]
        )
        return PiperSynthesizer(
            piper, piper_source(model).card(), 0, FairScheduler(at_once=2, cores=4)
        )

    def test_speaker_speed_and_noise_are_inputs_of_the_model(
        self, engine: PiperSynthesizer, voice: _Recording
    ) -> None:
        spoken(engine, SynthesisRequest("Yes.", "en", speaker="b", speed=0.5))
        spoken(engine, SynthesisRequest("Yes.", "en"))
        given = [(each["sid"].tolist(), each["scales"].tolist()) for each in voice.feeds]
        assert given == [
            ([7], pytest.approx([0.6, 3.0, 0.9])),
            ([4], pytest.approx([0.6, 1.5, 0.9])),
        ]
        assert voice.feeds[0]["input"].shape == (1, voice.feeds[0]["input_lengths"][0])

    def test_a_single_request_uses_all_threads(
        self, engine: PiperSynthesizer, voice: _Recording
    ) -> None:
        spoken(engine, SynthesisRequest("Yes.", "en"))
        with engine._scheduler.acquire(PlaybackBuffer()):
            spoken(engine, SynthesisRequest("Yes.", "en"))
        assert voice.threads == [4, 2]

    def test_a_failure_is_explained(self, engine: PiperSynthesizer, voice: _Recording) -> None:
        voice.failure = ValueError("no phonemes")
        with pytest.raises(EngineError, match="ValueError") as caught:
            spoken(engine, SynthesisRequest("fail", "en"))
        # The cause's message may quote the text, so it must not reach the client.
        assert "no phonemes" in str(caught.value.__cause__)
        assert "no phonemes" not in str(caught.value)

    def test_invalid_samples_are_refused(self, engine: PiperSynthesizer, voice: _Recording) -> None:
        voice.sound = np.full(8, np.nan, np.float32)
        with pytest.raises(EngineError, match="NaN or Inf"):
            spoken(engine, SynthesisRequest("nan", "en"))


class TestLoading:
    def test_needs_the_model(self, copied: Path) -> None:
        copied.unlink()
        with pytest.raises(ModelNotFound, match=r"en_US-joe-medium\.onnx not found"):
            piper_source(copied).load()

    def test_needs_the_configuration(self, copied: Path) -> None:
        copied.with_name(f"{copied.name}.json").unlink()
        with pytest.raises(ModelNotFound, match=r"onnx\.json is missing"):
            piper_source(copied).load()

    def test_refuses_a_damaged_model(self, copied: Path) -> None:
        copied.write_bytes(copied.read_bytes()[:100_000])
        with pytest.raises(ModelCorrupt, match="download both again"):
            piper_source(copied).load()

    def test_memory_that_does_not_suffice(
        self, copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def allocate(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(sessions, "_streaming_voice", allocate)
        monkeypatch.setattr(sessions, "session_from_file", lambda *_: pytest.fail("needs more"))
        with pytest.raises(EngineError, match="Not enough memory to load Piper voice"):
            piper_source(copied).load()

    def test_refuses_a_strange_configuration(self, copied: Path) -> None:
        copied.with_name(f"{copied.name}.json").write_text('{"language": {"code": "en_US"}}')
        with pytest.raises(ModelCorrupt, match="KeyError"):
            piper_source(copied).load()
