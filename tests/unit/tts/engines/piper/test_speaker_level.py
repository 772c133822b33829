from __future__ import annotations

import numpy as np
import pytest

from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.engines.piper.speaker_level import (
    FIRST_CHUNK_PEAK_RATIO,
    RAMP_SAMPLES,
    SpeakerLevel,
)


def piece(peak: float, samples: int = 1000) -> Samples:
    return (peak * np.sin(np.arange(samples, dtype=np.float32))).astype(np.float32)


def peak_of(sound: Samples) -> float:
    return float(np.abs(sound).max())


@pytest.fixture
def voice() -> SpeakerLevel:
    return SpeakerLevel()


class TestLoudness:
    def test_a_sentence_of_one_chunk_has_the_level_of_piper(self, voice: SpeakerLevel) -> None:
        assert peak_of(voice.start_sentence(0).scale(piece(0.3), last=True)) == pytest.approx(1.0)

    def test_the_first_chunk_leaves_headroom(self, voice: SpeakerLevel) -> None:
        first = voice.start_sentence(0).scale(piece(0.3), last=False)
        assert peak_of(first) == pytest.approx(FIRST_CHUNK_PEAK_RATIO, rel=0.01)

    def test_later_sentences_use_the_peaks_of_earlier_ones(self, voice: SpeakerLevel) -> None:
        voice.start_sentence(0).scale(piece(0.5), last=True)
        sentence = voice.start_sentence(0)
        first = sentence.scale(piece(0.2), last=False)
        second = sentence.scale(piece(0.4), last=True)
        assert peak_of(first) == pytest.approx(0.4, rel=0.01)
        assert peak_of(second) == pytest.approx(0.8, rel=0.01)

    def test_chunks_of_one_gain_join(self, voice: SpeakerLevel) -> None:
        voice.start_sentence(0).scale(piece(0.5), last=True)
        whole, cut = voice.start_sentence(0), voice.start_sentence(0)
        sound = piece(0.5)
        joined = [cut.scale(sound[:300], last=False), cut.scale(sound[300:], last=False)]
        assert np.array_equal(np.concatenate(joined), whole.scale(sound, last=False))

    def test_the_gain_of_a_loud_chunk_goes_down_gradually(self, voice: SpeakerLevel) -> None:
        sentence = voice.start_sentence(0)
        first = sentence.scale(np.full(500, 0.25, np.float32), last=False)
        louder = sentence.scale(np.full(500, 0.5, np.float32), last=False)
        assert louder[-1] == pytest.approx(1.0)
        assert np.abs(louder).max() <= 1.0
        after = sentence.scale(np.full(500, 0.25, np.float32), last=True)
        assert after == pytest.approx(np.full(500, 0.5), rel=0.01)
        assert first[0] == pytest.approx(FIRST_CHUNK_PEAK_RATIO, rel=0.01)

    def test_gain_has_no_step(self, voice: SpeakerLevel) -> None:
        sentence = voice.start_sentence(0)
        before = sentence.scale(np.full(500, 0.4, np.float32), last=False)
        steady = np.full(2 * RAMP_SAMPLES, 0.4, np.float32)
        steady[-1] = 0.9
        softened = sentence.scale(steady, last=False)[:-1]
        assert np.abs(np.diff(np.concatenate((before, softened)))).max() < 0.01

    def test_speakers_have_their_own(self, voice: SpeakerLevel) -> None:
        voice.start_sentence(0).scale(piece(1.0), last=True)
        quiet = voice.start_sentence(1).scale(piece(0.1), last=True)
        assert peak_of(quiet) == pytest.approx(1.0, rel=0.01)

    def test_silence_stays_silent_and_does_not_count(self, voice: SpeakerLevel) -> None:
        hiss = voice.start_sentence(0).scale(piece(0.001), last=True)
        assert peak_of(hiss) <= 0.1
        assert not voice.start_sentence(0).scale(np.zeros(0, np.float32), last=True).size
        assert peak_of(voice.start_sentence(0).scale(piece(0.5), last=True)) == pytest.approx(1.0)

    def test_the_effect_of_a_loud_sentence_decays(self, voice: SpeakerLevel) -> None:
        voice.start_sentence(0).scale(piece(1.0), last=True)
        for _ in range(20):
            heard = voice.start_sentence(0).scale(piece(0.5), last=True)
        assert peak_of(heard) > 0.95
