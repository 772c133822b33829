"""Babble after the text is dropped; nothing of the text ever is."""

from __future__ import annotations

import pytest

from tests.support import waveform as wave
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.audio.sentence_audio import SentenceAudio
from wyoming_voice_stack.tts.audio.speaking_time import SpeakingTime
from wyoming_voice_stack.tts.engine import Samples

LONG = (
    "It is seven degrees outside, with a light wind from the west, and it will rain in the"
    " afternoon; take a coat, please, and do not forget your keys."
)
TEXTS = (
    *("Ok.", "Yes.", "I.", "What?", "Strengths.", "Thank you.", "Oh, no!", "Go, now.", "OK."),
    *("Well... I do not know.", "Hm, well, no.", "A, B, C, D, E.", "1, 2, 3, 4, 5.", "1984."),
    *("NASA, the FBI and the BBC.", "It costs 77 dollars, 50 cents.", "1,234,567,890."),
    *("Wait... wait... wait... now.", "Yes - no - maybe.", "5 kg, 30 km/h, 20 %."),
    "She sells sea shells by the sea shore.",
    "The kitchen light is on, and so is the one in the hall.",
    LONG,
)
BABBLE = "and so is the one in the hall of the other house"


def spoken(sentence: SentenceAudio, *parts: Samples) -> Samples:
    return wave.through(sentence.push, sentence.finish, *wave.in_pieces(wave.joined(*parts), 777))


def cut(text: str, *parts: Samples, speed: float = 1.0) -> tuple[Samples, bool]:
    sentence = SentenceAudio(wave.RATE, runaway=RunawayDetector(text, speed))
    return spoken(sentence, *parts), sentence.done


class TestSpeech:
    @pytest.mark.parametrize(
        ("text", "speed"),
        [
            *((text, 1.0) for text in TEXTS),
            *((text, speed) for text in TEXTS[::3] for speed in (0.5, 2.0)),
        ],
    )
    def test_is_never_cut(self, text: str, speed: float) -> None:
        sound = wave.joined(wave.quiet(300), wave.say(text, speed), wave.quiet(800))
        out, _ = cut(text, sound, speed=speed)
        assert out.tobytes() == spoken(SentenceAudio(wave.RATE), sound).tobytes()

    def test_slow_speech_has_its_time(self) -> None:
        words = wave.joined(*(part for _ in range(3) for part in (wave.tone(600), wave.quiet(600))))
        out, done = cut("One, two, three.", words, speed=0.5)
        assert done
        assert wave.milliseconds(len(out)) == pytest.approx(3 * 600 + 2 * 600 + 100, abs=20)

    @pytest.mark.parametrize(
        ("text", "first_ms"), [("Oh... yes.", 600), ("Aaah! No.", 1000), ("Ja, ja.", 450)]
    )
    def test_a_drawn_out_word_before_a_pause_is_not_all(self, text: str, first_ms: int) -> None:
        out, done = cut(text, wave.tone(first_ms), wave.quiet(500), wave.tone(500), wave.quiet(600))
        assert wave.milliseconds(len(out)) >= first_ms + 1000
        assert done

    def test_a_breath_is_no_word(self) -> None:
        breath = wave.joined(wave.noise(200, -43.0), wave.quiet(300))
        out, _ = cut("Ok.", breath, wave.say("Ok."))
        wave.place_of(wave.bare("Ok.")[100:-100], out)

    @pytest.mark.parametrize("text", ["Ok.", "Thank you."])
    def test_an_engine_that_stays_silent_may_stop(self, text: str) -> None:
        said = wave.say(text)
        assert not cut(text, said[: wave.sounding(said)[-1]])[1]
        assert cut("Ok.", wave.say("Ok."), wave.quiet(200))[1]


class TestBabble:
    @pytest.mark.parametrize("text", ["Ok.", "Yes.", "No.", "Hello.", "Strengths."])
    @pytest.mark.parametrize("speed", [0.5, 1.0])
    def test_after_one_word_and_a_pause(self, text: str, speed: float) -> None:
        out, done = cut(
            text, wave.bare(text, speed), wave.quiet(300 / speed), wave.bare(BABBLE), speed=speed
        )
        assert done
        assert wave.milliseconds(len(out) - len(wave.bare(text, speed))) == pytest.approx(
            100, abs=20
        )

    def test_after_a_sentence_and_pauses(self) -> None:
        text = "Half past four."
        babble = [part for _ in range(20) for part in (wave.quiet(300), wave.bare("in the hall"))]
        out, done = cut(text, wave.bare(text), *babble)
        assert done
        wave.place_of(wave.bare(text)[150:-150], out)
        assert wave.milliseconds(len(out)) <= 2_500

    @pytest.mark.parametrize("text", ["Ok.", "Thank you.", "Half past four."])
    def test_without_a_pause(self, text: str) -> None:
        stream = wave.joined(wave.bare(text), *(wave.bare(BABBLE) for _ in range(5)))
        out, done = cut(text, stream)
        assert done
        assert len(wave.bare(text)) < len(out) < 0.5 * len(stream)
        kept = wave.milliseconds(wave.sounding(out)[-1])
        assert kept <= 1000 * 2.5 * SpeakingTime.of(text).whole_s + 1_000

    def test_a_drone_is_let_be(self) -> None:
        drone = wave.noise(8_000, -20.0)
        out, done = cut("Ok.", drone)
        assert not done
        assert len(out) == len(drone)

    def test_faint_breath_is_dropped_by_the_silence_rule(self) -> None:
        out, _ = cut("Thank you.", wave.bare("Thank you."), wave.noise(900, -53.0))
        assert wave.milliseconds(len(out) - len(wave.bare("Thank you."))) <= 110

    def test_what_follows_is_dropped(self) -> None:
        sentence = SentenceAudio(wave.RATE, runaway=RunawayDetector("Ok."))
        sentence.push(wave.joined(wave.bare("Ok."), wave.quiet(300)))
        assert sentence.done
        assert not len(sentence.push(wave.bare(BABBLE)))
        assert wave.milliseconds(len(sentence.finish())) <= 110


class TestSpokenTime:
    @pytest.mark.parametrize(
        ("text", "units"),
        [
            *(("Ok.", 1), ("OK.", 2), ("Don't go!", 2), ("well-known", 2), ("12:45", 4)),
            *(
                ("5 °C", 3),
                ("20 %", 3),
                ("你好。", 2),
                ("はい", 2),
                ("네, 네.", 2),
                ("«Да», нет…", 2),
            ),
            *(("", 0), ("... — !", 0)),
        ],
    )
    def test_counts_what_is_said(self, text: str, units: int) -> None:
        time = SpeakingTime.of(text)
        assert 0.4 * units <= time.whole_s <= 1.0 * units
        assert (time.before_last_word_s > 0) == (units > 1)

    def test_grows_with_the_letters(self) -> None:
        assert SpeakingTime.of("Strengths").whole_s > SpeakingTime.of("Ok").whole_s
        assert SpeakingTime.of("مستشفى").whole_s > SpeakingTime.of("street").whole_s

    def test_nothing_to_say_cuts_nothing_at_once(self) -> None:
        out, _ = cut("…", wave.bare("Ok."))
        assert len(out) >= len(wave.bare("Ok.")) - 1
