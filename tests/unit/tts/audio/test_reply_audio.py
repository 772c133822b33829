"""Pauses and loudness from sentence to sentence, measured on the waveform."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import waveform as wave
from wyoming_voice_stack.tts.audio.limiter import CEILING, KNEE, soft_limit
from wyoming_voice_stack.tts.audio.loudness_levelling import MAX_GAIN_DB, LoudnessLeveller
from wyoming_voice_stack.tts.audio.loudness_meter import Loudness
from wyoming_voice_stack.tts.audio.reply_audio import LOOK_AHEAD_BUFFER_S, ReplyAudio
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.audio.sentence_audio import SentenceAudio
from wyoming_voice_stack.tts.engine import Samples

LIGHT = "The kitchen light is on, and so is the one in the hall."
JAZZ = "Playing some jazz in the living room."
DOOR = "The front door has been open for twenty minutes."


def speak(
    *sentences: Samples,
    pause_ms: int = 250,
    buffered_s: float = LOOK_AHEAD_BUFFER_S,
    length: int = 1000,
) -> list[Samples]:
    """What goes out for each sentence, the silence before it included; the reply's end comes last."""
    reply = ReplyAudio(wave.RATE)
    out = []
    for sentence in sentences:
        parts = [reply.begin(pause_ms, buffered_s=buffered_s)]
        parts += [reply.push(piece) for piece in wave.in_pieces(sentence, length)]
        out.append(wave.joined(*parts, reply.end()))
    return [*out, reply.finish()]


def silence_ms(out: list[Samples]) -> float:
    """The longest silence of a reply of tones or bare words."""
    return wave.milliseconds(np.diff(wave.sounding(wave.joined(*out))).max())


class TestPauses:
    @pytest.mark.parametrize("pause_ms", [60, 100, 150, 250, 400, 900])
    @pytest.mark.parametrize(
        ("after", "before"),
        [
            (wave.quiet(0), wave.quiet(0)),
            (wave.quiet(30), wave.quiet(20)),
            (wave.quiet(300), wave.quiet(80)),
            (wave.noise(1_500, -57.0), wave.noise(700, -57.0)),
        ],
        ids=["none", "little", "usual", "faint"],
    )
    def test_is_as_long_as_asked_for(self, pause_ms: int, after: Samples, before: Samples) -> None:
        first = wave.joined(wave.quiet(100), wave.tone(300), after)
        second = wave.joined(before, wave.tone(300), wave.quiet(100))
        out = speak(first, second, pause_ms=pause_ms, buffered_s=0.0)
        assert silence_ms(out) == pytest.approx(pause_ms, abs=10)

    @pytest.mark.parametrize("words", [("Yes.", "Half past four."), ("Fish.", "Hello there.")])
    @pytest.mark.parametrize("buffered_s", [0.0, LOOK_AHEAD_BUFFER_S])
    def test_between_real_words(self, words: tuple[str, str], buffered_s: float) -> None:
        out = speak(*(wave.say(word) for word in words), pause_ms=400, buffered_s=buffered_s)
        assert silence_ms(out) == pytest.approx(400, abs=10)

    def test_none_makes_no_click(self) -> None:
        out = wave.joined(*speak(wave.tone(300), wave.tone(300), pause_ms=0))
        assert np.abs(np.diff(out)).max() <= 1.25 * np.abs(np.diff(wave.tone(300))).max()
        assert wave.milliseconds(len(out)) == pytest.approx(600, abs=6)

    def test_is_sent_before_the_sentence_is_there(self) -> None:
        reply = ReplyAudio(wave.RATE)
        assert not len(reply.begin(250))
        reply.push(wave.joined(wave.tone(300), wave.quiet(300)))
        reply.end()
        assert wave.milliseconds(len(reply.begin(250))) == pytest.approx(200, abs=1)

    def test_differs_from_join_to_join(self) -> None:
        reply = ReplyAudio(wave.RATE)
        parts = []
        for pause_ms in (250, 125, 500):
            parts += [reply.begin(pause_ms), reply.push(wave.tone(200)), reply.end()]
        gaps = np.diff(wave.sounding(wave.joined(*parts)))
        pauses = wave.milliseconds(1) * gaps[gaps > wave.RATE / 100]
        assert pauses == pytest.approx([125, 500], abs=10)

    def test_a_sentence_without_sound_adds_nothing(self) -> None:
        reply = ReplyAudio(wave.RATE)
        parts = []
        for sound in (wave.tone(300), wave.quiet(900), wave.tone(300)):
            parts += [reply.begin(250), reply.push(sound), reply.end()]
        assert silence_ms([wave.joined(*parts)]) == pytest.approx(250, abs=10)

    def test_ends_with_the_last_sentences_silence(self) -> None:
        *_, end = speak(wave.tone(300), wave.joined(wave.tone(300), wave.quiet(700)))
        assert wave.milliseconds(len(end)) == pytest.approx(100, abs=1)
        assert not end.any()

    def test_one_sentence_after_the_other(self) -> None:
        reply = ReplyAudio(wave.RATE)
        with pytest.raises(RuntimeError, match="begin"):
            reply.push(wave.tone(10))
        reply.begin(250)
        with pytest.raises(RuntimeError, match="end"):
            reply.begin(250)


class TestLoudness:
    @pytest.mark.parametrize("levels", [(-20, -26, -14), (-20, -14, -26, -20), (-17, -20, -14)])
    def test_is_even(self, levels: tuple[int, ...]) -> None:
        texts = (LIGHT, JAZZ, DOOR, LIGHT)
        given_ = [
            wave.amplified(wave.say(text), level)
            for text, level in zip(texts, levels, strict=False)
        ]
        *out, _ = speak(*given_)
        heard = [wave.loudness_db(sentence[wave.sounding(sentence)[0] :]) for sentence in out]
        assert np.ptp(heard) <= 2.2
        assert heard[0] == pytest.approx(levels[0], abs=0.3)

    def test_the_first_sentence_is_left_alone(self) -> None:
        first, *_ = speak(wave.amplified(wave.say(LIGHT), -30))
        wave.place_of(
            first[wave.RATE // 200 : -wave.RATE // 200], wave.amplified(wave.say(LIGHT), -30)
        )

    @pytest.mark.parametrize(("levels", "change"), [((-32, -14), -6), ((-14, -32), 6)])
    def test_change_is_bounded(self, levels: tuple[int, int], change: int) -> None:
        _, out, _ = speak(
            wave.amplified(wave.say(LIGHT), levels[0]), wave.amplified(wave.say(JAZZ), levels[1])
        )
        heard = wave.loudness_db(out[wave.sounding(out)[0] :])
        assert heard - levels[1] == pytest.approx(change, abs=0.5)
        assert abs(change) == MAX_GAIN_DB

    def test_follows_the_engine_where_nothing_can_wait(self) -> None:
        levels = (-26, -20, -20, -20, -20)
        *out, _ = speak(
            *(wave.amplified(wave.say(LIGHT), level) for level in levels), buffered_s=0.0
        )
        heard = [wave.loudness_db(sentence[wave.sounding(sentence)[0] :]) for sentence in out]
        assert np.ptp(heard[1:]) <= 2.0
        assert all(-26 <= level <= -19.5 for level in heard[1:])

    def test_is_constant_within_a_sentence(self) -> None:
        leveller = LoudnessLeveller()
        leveller.record(Loudness(level_db=-20.0, peak=0.3, seconds=1.0), 1.0)
        sound = wave.amplified(wave.joined(wave.bare(LIGHT), wave.quiet(400), wave.bare(JAZZ)), -14)
        sentence = SentenceAudio(wave.RATE, leveller=leveller, look_ahead=True)
        out = wave.through(sentence.push, sentence.finish, *wave.in_pieces(sound))
        loud = np.abs(sound) > 0.01
        loud[: wave.RATE // 200] = loud[-wave.RATE // 200 :] = False
        factors = out[loud] / sound[loud]
        assert np.ptp(factors) <= 1e-5
        assert factors[0] < 0.7

    @pytest.mark.parametrize("buffered_s", [0.0, LOOK_AHEAD_BUFFER_S])
    def test_faint_sound_is_not_raised(self, buffered_s: float) -> None:
        breath = wave.noise(600, -47.0)
        _, out, _ = speak(wave.amplified(wave.say(LIGHT), -20), breath, buffered_s=buffered_s)
        assert np.abs(out).max() <= np.abs(breath).max()

    def test_waits_only_if_the_client_has_enough_to_play(self) -> None:
        for buffered_s, waits in ((LOOK_AHEAD_BUFFER_S, True), (LOOK_AHEAD_BUFFER_S - 0.1, False)):
            reply = ReplyAudio(wave.RATE)
            reply.begin(250, buffered_s=60.0)
            reply.push(wave.tone(300))
            reply.end()
            reply.begin(250, buffered_s=buffered_s)
            assert bool(len(reply.push(wave.tone(800)))) is not waits
            assert len(reply.push(wave.tone(300)))

    def test_the_first_sentence_never_waits(self) -> None:
        reply = ReplyAudio(wave.RATE)
        reply.begin(250, buffered_s=60.0)
        assert wave.milliseconds(len(reply.push(wave.tone(100)))) >= 80


class TestPeaks:
    def test_nothing_is_beyond_the_ceiling(self) -> None:
        loud = wave.amplified(wave.say(LIGHT), -4)
        *out, _ = speak(
            loud, wave.amplified(wave.say(JAZZ), -14), wave.amplified(wave.say(DOOR), -2)
        )
        assert np.abs(loud).max() > 1.5
        assert np.abs(wave.joined(*out)).max() <= CEILING
        assert 20 * np.log10(CEILING) == pytest.approx(-0.1, abs=0.001)

    def test_normal_speech_is_not_touched(self) -> None:
        speech = wave.say(LIGHT) * np.float32(KNEE / np.abs(wave.say(LIGHT)).max())
        assert soft_limit(speech) is speech

    def test_full_scale_speech_is_hardly_touched(self) -> None:
        speech = wave.say(LIGHT) / np.abs(wave.say(LIGHT)).max()
        change = soft_limit(speech) - speech
        assert wave.loudness_db(speech) - 10 * np.log10(np.square(change).mean()) >= 40

    def test_the_curve_has_no_corner(self) -> None:
        line = np.linspace(-2, 2, 40_001, dtype=np.float32)
        slope = np.diff(soft_limit(line).astype(np.float64)) / 1e-4
        assert slope.min() >= -0.01
        assert slope.max() <= 1.01
        assert np.abs(np.diff(slope[::10])).max() <= 0.05

    def test_peaks_bound_what_is_raised(self) -> None:
        spike = wave.amplified(wave.say(JAZZ), -26).copy()
        spike[wave.sounding(spike)[0] + wave.RATE // 5] = 0.8
        _, out, _ = speak(wave.amplified(wave.say(LIGHT), -20), spike)
        assert np.abs(out).max() == pytest.approx(KNEE, abs=0.001)


REPLY = [
    wave.joined(
        wave.quiet(200), wave.amplified(wave.bare("Hello there."), -20), wave.noise(130, -57.0)
    ),
    wave.joined(
        wave.amplified(wave.bare("Half past four."), -17),
        wave.quiet(1_300),
        wave.bare("No."),
        wave.quiet(321),
    ),
    wave.joined(
        wave.amplified(wave.bare(LIGHT), -22),
        wave.quiet(300),
        wave.amplified(wave.bare("Fish."), -14),
    ),
]


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9_000), min_size=1, max_size=12),
    buffered_s=st.sampled_from([0.0, LOOK_AHEAD_BUFFER_S]),
)
def test_pieces_make_no_difference(lengths: list[int], buffered_s: float) -> None:
    def said(sizes: list[int]) -> Samples:
        reply, parts = ReplyAudio(wave.RATE), []
        for sentence, text in zip(
            REPLY, ("Hello there.", "Half past four, no.", LIGHT), strict=True
        ):
            parts.append(reply.begin(250, runaway=RunawayDetector(text), buffered_s=buffered_s))
            place, turn = 0, 0
            while place < len(sentence):
                size = sizes[turn % len(sizes)]
                parts.append(reply.push(sentence[place : place + size]))
                place, turn = place + size, turn + 1
            parts.append(reply.end())
        return wave.joined(*parts, reply.finish())

    assert said(lengths).tobytes() == said([10**9]).tobytes()
