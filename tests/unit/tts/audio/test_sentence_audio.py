"""Silence around and inside a sentence, and its edges, measured on the waveform."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import waveform as wave
from wyoming_voice_stack.tts.audio.sentence_audio import SentenceAudio
from wyoming_voice_stack.tts.audio.trimming import HOLD_BACK_MS, MAX_SILENCE_MS
from wyoming_voice_stack.tts.engine import Samples

LIGHT = "The kitchen light is on, and so is the one in the hall."
FADE = wave.RATE // 200


def sent(*parts: Samples) -> Samples:
    sentence = SentenceAudio(wave.RATE)
    return wave.through(sentence.push, sentence.finish, *wave.in_pieces(wave.joined(*parts)))


def unfaded(samples: Samples) -> Samples:
    return samples[FADE:-FADE]


class TestBeginning:
    @pytest.mark.parametrize(
        "before",
        [
            wave.quiet(0),
            wave.quiet(40),
            wave.quiet(800),
            wave.noise(800, -58.0),
            wave.quiet(30_000),
        ],
        ids=["nothing", "little", "much", "faint", "very much"],
    )
    def test_silence_is_short(self, before: Samples) -> None:
        out = sent(before, wave.bare(LIGHT))
        assert wave.milliseconds(wave.sounding(out)[0]) <= 60

    def test_a_crackle_is_silence(self) -> None:
        crackle = wave.noise(4, -20.0)
        out = sent(wave.quiet(100), crackle, wave.quiet(700), wave.bare(LIGHT))
        assert wave.milliseconds(wave.sounding(out)[0]) <= 60
        assert len(out) == pytest.approx(len(wave.bare(LIGHT)) + wave.RATE * 0.05, abs=FADE)

    @pytest.mark.parametrize(
        "text",
        [
            *("Half past four.", "Hello there.", "Fish.", "Four.", "Thirty three thieves."),
            *("She sells sea shells.", "Strengths.", "Both.", "Ok."),
        ],
    )
    def test_soft_consonants_stay(self, text: str) -> None:
        whole = wave.joined(wave.quiet(300), wave.say(text), wave.quiet(300))
        out = sent(whole)
        begin = wave.place_of(unfaded(out), whole)
        audible = wave.sounding(whole, dbfs=-60.0)
        assert begin <= audible[0]
        assert begin + len(unfaded(out)) >= audible[-1]

    def test_sound_is_held_back_for_moments_only(self) -> None:
        sentence, speech = SentenceAudio(wave.RATE), wave.tone(500)
        taken = given = 0
        for piece in wave.in_pieces(wave.joined(wave.quiet(20), speech), 37):
            taken += len(piece)
            given += len(sentence.push(piece))
            if wave.milliseconds(taken) >= 20 + HOLD_BACK_MS:
                assert wave.milliseconds(taken - given) <= HOLD_BACK_MS
        assert HOLD_BACK_MS <= 30

    def test_no_silence_is_kept_for_later(self) -> None:
        sentence = SentenceAudio(wave.RATE)
        for piece in wave.in_pieces(wave.quiet(60_000)):
            assert not len(sentence.push(piece))
        assert len(sentence._trimmer._held) < 20
        assert not sentence.has_sound


class TestEnd:
    @pytest.mark.parametrize(
        "after", [wave.quiet(2_000), wave.noise(2_000, -56.0), wave.quiet(30_000)]
    )
    def test_silence_is_short(self, after: Samples) -> None:
        out = sent(wave.bare(LIGHT), after)
        assert wave.milliseconds(len(out) - wave.sounding(out)[-1]) <= 106

    def test_a_late_crackle_is_silence(self) -> None:
        out = sent(wave.bare(LIGHT), wave.quiet(500), wave.noise(4, -20.0), wave.quiet(500))
        assert len(out) == pytest.approx(len(wave.bare(LIGHT)) + wave.RATE * 0.1, abs=4 * FADE)

    def test_what_went_out_is_known(self) -> None:
        sentence = SentenceAudio(wave.RATE)
        out = wave.through(
            sentence.push, sentence.finish, wave.quiet(500), wave.tone(400), wave.quiet(500)
        )
        assert wave.milliseconds(sentence.lead_samples) == pytest.approx(50, abs=1)
        assert wave.milliseconds(sentence.tail_samples) == pytest.approx(100, abs=1)
        spoken = wave.milliseconds(len(out) - sentence.lead_samples - sentence.tail_samples)
        assert spoken == pytest.approx(400, abs=11)

    @pytest.mark.parametrize(
        "sound", [wave.quiet(0), wave.quiet(700), wave.noise(700, -58.0), wave.noise(4, -20.0)]
    )
    def test_nothing_comes_of_silence(self, sound: Samples) -> None:
        sentence = SentenceAudio(wave.RATE)
        assert not len(wave.through(sentence.push, sentence.finish, sound))
        assert not sentence.has_sound


class TestInside:
    @pytest.mark.parametrize("pause", [wave.quiet(900), wave.noise(900, -58.0)])
    def test_nothing_changes(self, pause: Samples) -> None:
        whole = wave.joined(wave.bare(LIGHT), pause, wave.bare("Yes."))
        out = sent(whole)
        wave.place_of(unfaded(out), whole)
        assert len(out) == pytest.approx(len(whole), abs=1)

    @pytest.mark.parametrize("pause_ms", [1_500, 20_000])
    def test_very_long_silence_is_shortened(self, pause_ms: int) -> None:
        out = sent(wave.bare(LIGHT), wave.noise(pause_ms, -58.0), wave.bare("Half past four."))
        gaps = np.diff(wave.sounding(out))
        assert wave.milliseconds(gaps.max()) == pytest.approx(MAX_SILENCE_MS, abs=25)
        first, second = len(wave.bare(LIGHT)), len(wave.bare("Half past four."))
        wave.place_of(out[FADE : first - FADE], wave.bare(LIGHT))
        wave.place_of(out[-second + FADE : -FADE], wave.bare("Half past four."))
        silence = out[first + FADE : -second - FADE]
        assert wave.largest_jump(silence) <= 2 * wave.largest_jump(wave.noise(500, -58.0))

    def test_no_click_where_silence_is_shortened(self) -> None:
        hum = wave.tone(1_512, frequency_hz=40.0, peak=0.003)
        out = sent(wave.bare(LIGHT), hum, wave.bare("Half past four."))
        first, second = len(wave.bare(LIGHT)), len(wave.bare("Half past four."))
        assert wave.largest_jump(hum[1:]) >= 0.001
        assert np.abs(np.diff(out[first + FADE : -second - FADE])).max() <= 0.0002

    def test_held_silence_is_bounded(self) -> None:
        sentence = SentenceAudio(wave.RATE)
        sentence.push(wave.tone(100))
        for piece in wave.in_pieces(wave.quiet(20_000)):
            sentence.push(piece)
            assert len(sentence._trimmer._held) * 5 <= MAX_SILENCE_MS + HOLD_BACK_MS


class TestEdges:
    @pytest.mark.parametrize("frequency_hz", [80.0, 200.0, 400.0])
    def test_no_click_at_a_cut_tone(self, frequency_hz: float) -> None:
        sound = wave.tone(300, frequency_hz)
        out = sent(sound)
        assert len(out) == len(sound)
        assert wave.largest_jump(sound) >= 0.3
        assert wave.largest_jump(out) <= 1.25 * np.abs(np.diff(sound)).max()

    @pytest.mark.parametrize("cut_ms", [300, 700, 1_100, 1_720])
    def test_no_click_where_speech_is_cut(self, cut_ms: int) -> None:
        cut = wave.RATE * cut_ms // 1000
        for part in (wave.say(LIGHT)[cut:], wave.say(LIGHT)[:cut]):
            out = sent(part)
            inside = np.abs(np.diff(part)).max()
            ends = (out[: 2 * FADE], out[-2 * FADE :])
            assert max(abs(out[0]), abs(out[-1])) <= 1e-4
            assert max(np.abs(np.diff(end)).max() for end in ends) <= inside
