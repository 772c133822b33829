"""Silence around and inside a sentence, and its edges, measured on the waveform."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.waveform import (
    RATE,
    bare,
    in_pieces,
    joined,
    largest_jump,
    milliseconds,
    noise,
    place_of,
    quiet,
    say,
    sounding,
    through,
    tone,
)
from wyoming_voice_stack.tts.audio.sentence_audio import SentenceAudio
from wyoming_voice_stack.tts.audio.trimming import HOLD_BACK_MS, MAX_SILENCE_MS
from wyoming_voice_stack.tts.engine import Samples

LIGHT = "The kitchen light is on, and so is the one in the hall."
FADE = RATE // 200


def sent(*parts: Samples) -> Samples:
    sentence = SentenceAudio(RATE)
    return through(sentence.push, sentence.finish, *in_pieces(joined(*parts)))


def unfaded(samples: Samples) -> Samples:
    return samples[FADE:-FADE]


class TestBeginning:
    @pytest.mark.parametrize(
        "before",
        [quiet(0), quiet(40), quiet(800), noise(800, -58.0), quiet(30_000)],
        ids=["nothing", "little", "much", "faint", "very much"],
    )
    def test_silence_is_short(self, before: Samples) -> None:
        out = sent(before, bare(LIGHT))
        assert milliseconds(sounding(out)[0]) <= 60

    def test_a_crackle_is_silence(self) -> None:
        crackle = noise(4, -20.0)
        out = sent(quiet(100), crackle, quiet(700), bare(LIGHT))
        assert milliseconds(sounding(out)[0]) <= 60
        assert len(out) == pytest.approx(len(bare(LIGHT)) + RATE * 0.05, abs=FADE)

    @pytest.mark.parametrize(
        "text",
        [
            *("Half past four.", "Hello there.", "Fish.", "Four.", "Thirty three thieves."),
            *("She sells sea shells.", "Strengths.", "Both.", "Ok."),
        ],
    )
    def test_soft_consonants_stay(self, text: str) -> None:
        whole = joined(quiet(300), say(text), quiet(300))
        out = sent(whole)
        begin = place_of(unfaded(out), whole)
        audible = sounding(whole, dbfs=-60.0)
        assert begin <= audible[0]
        assert begin + len(unfaded(out)) >= audible[-1]

    def test_sound_is_held_back_for_moments_only(self) -> None:
        sentence, speech = SentenceAudio(RATE), tone(500)
        taken = given = 0
        for piece in in_pieces(joined(quiet(20), speech), 37):
            taken += len(piece)
            given += len(sentence.push(piece))
            if milliseconds(taken) >= 20 + HOLD_BACK_MS:
                assert milliseconds(taken - given) <= HOLD_BACK_MS
        assert HOLD_BACK_MS <= 30

    def test_no_silence_is_kept_for_later(self) -> None:
        sentence = SentenceAudio(RATE)
        for piece in in_pieces(quiet(60_000)):
            assert not len(sentence.push(piece))
        assert len(sentence._trimmer._held) < 20
        assert not sentence.heard


class TestEnd:
    @pytest.mark.parametrize("after", [quiet(2_000), noise(2_000, -56.0), quiet(30_000)])
    def test_silence_is_short(self, after: Samples) -> None:
        out = sent(bare(LIGHT), after)
        assert milliseconds(len(out) - sounding(out)[-1]) <= 106

    def test_a_late_crackle_is_silence(self) -> None:
        out = sent(bare(LIGHT), quiet(500), noise(4, -20.0), quiet(500))
        assert len(out) == pytest.approx(len(bare(LIGHT)) + RATE * 0.1, abs=4 * FADE)

    def test_what_went_out_is_known(self) -> None:
        sentence = SentenceAudio(RATE)
        out = through(sentence.push, sentence.finish, quiet(500), tone(400), quiet(500))
        assert milliseconds(sentence.lead_samples) == pytest.approx(50, abs=1)
        assert milliseconds(sentence.tail_samples) == pytest.approx(100, abs=1)
        spoken = milliseconds(len(out) - sentence.lead_samples - sentence.tail_samples)
        assert spoken == pytest.approx(400, abs=11)

    @pytest.mark.parametrize("sound", [quiet(0), quiet(700), noise(700, -58.0), noise(4, -20.0)])
    def test_nothing_comes_of_silence(self, sound: Samples) -> None:
        sentence = SentenceAudio(RATE)
        assert not len(through(sentence.push, sentence.finish, sound))
        assert not sentence.heard


class TestInside:
    @pytest.mark.parametrize("pause", [quiet(900), noise(900, -58.0)])
    def test_nothing_changes(self, pause: Samples) -> None:
        whole = joined(bare(LIGHT), pause, bare("Yes."))
        out = sent(whole)
        place_of(unfaded(out), whole)
        assert len(out) == pytest.approx(len(whole), abs=1)

    @pytest.mark.parametrize("pause_ms", [1_500, 20_000])
    def test_very_long_silence_is_shortened(self, pause_ms: int) -> None:
        out = sent(bare(LIGHT), noise(pause_ms, -58.0), bare("Half past four."))
        gaps = np.diff(sounding(out))
        assert milliseconds(gaps.max()) == pytest.approx(MAX_SILENCE_MS, abs=25)
        first, second = len(bare(LIGHT)), len(bare("Half past four."))
        place_of(out[FADE : first - FADE], bare(LIGHT))
        place_of(out[-second + FADE : -FADE], bare("Half past four."))
        silence = out[first + FADE : -second - FADE]
        assert largest_jump(silence) <= 2 * largest_jump(noise(500, -58.0))

    def test_no_click_where_silence_is_shortened(self) -> None:
        hum = tone(1_512, frequency_hz=40.0, peak=0.003)
        out = sent(bare(LIGHT), hum, bare("Half past four."))
        first, second = len(bare(LIGHT)), len(bare("Half past four."))
        assert largest_jump(hum[1:]) >= 0.001
        assert np.abs(np.diff(out[first + FADE : -second - FADE])).max() <= 0.0002

    def test_held_silence_is_bounded(self) -> None:
        sentence = SentenceAudio(RATE)
        sentence.push(tone(100))
        for piece in in_pieces(quiet(20_000)):
            sentence.push(piece)
            assert len(sentence._trimmer._held) * 5 <= MAX_SILENCE_MS + HOLD_BACK_MS


class TestEdges:
    @pytest.mark.parametrize("frequency_hz", [80.0, 200.0, 400.0])
    def test_no_click_at_a_cut_tone(self, frequency_hz: float) -> None:
        sound = tone(300, frequency_hz)
        out = sent(sound)
        assert len(out) == len(sound)
        assert largest_jump(sound) >= 0.3
        assert largest_jump(out) <= 1.25 * np.abs(np.diff(sound)).max()

    @pytest.mark.parametrize("cut_ms", [300, 700, 1_100, 1_720])
    def test_no_click_where_speech_is_cut(self, cut_ms: int) -> None:
        cut = RATE * cut_ms // 1000
        for part in (say(LIGHT)[cut:], say(LIGHT)[:cut]):
            out = sent(part)
            inside = np.abs(np.diff(part)).max()
            ends = (out[: 2 * FADE], out[-2 * FADE :])
            assert max(abs(out[0]), abs(out[-1])) <= 1e-4
            assert max(np.abs(np.diff(end)).max() for end in ends) <= inside
