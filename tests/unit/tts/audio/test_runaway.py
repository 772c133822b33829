"""Babble after the text is dropped; nothing of the text ever is."""

from __future__ import annotations

import pytest

from tests.support.waveform import (
    RATE,
    bare,
    in_pieces,
    joined,
    milliseconds,
    noise,
    place_of,
    quiet,
    say,
    sounding,
    through,
    tone,
)
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
    return through(sentence.push, sentence.finish, *in_pieces(joined(*parts), 777))


def cut(text: str, *parts: Samples, speed: float = 1.0) -> tuple[Samples, bool]:
    sentence = SentenceAudio(RATE, runaway=RunawayDetector(text, speed))
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
        sound = joined(quiet(300), say(text, speed), quiet(800))
        out, _ = cut(text, sound, speed=speed)
        assert out.tobytes() == spoken(SentenceAudio(RATE), sound).tobytes()

    def test_slow_speech_has_its_time(self) -> None:
        words = joined(*(part for _ in range(3) for part in (tone(600), quiet(600))))
        out, done = cut("One, two, three.", words, speed=0.5)
        assert done
        assert milliseconds(len(out)) == pytest.approx(3 * 600 + 2 * 600 + 100, abs=20)

    @pytest.mark.parametrize(
        ("text", "first_ms"), [("Oh... yes.", 600), ("Aaah! No.", 1000), ("Ja, ja.", 450)]
    )
    def test_a_drawn_out_word_before_a_pause_is_not_all(self, text: str, first_ms: int) -> None:
        out, done = cut(text, tone(first_ms), quiet(500), tone(500), quiet(600))
        assert milliseconds(len(out)) >= first_ms + 1000
        assert done

    def test_a_breath_is_no_word(self) -> None:
        breath = joined(noise(200, -43.0), quiet(300))
        out, _ = cut("Ok.", breath, say("Ok."))
        place_of(bare("Ok.")[100:-100], out)

    @pytest.mark.parametrize("text", ["Ok.", "Thank you."])
    def test_an_engine_that_stays_silent_may_stop(self, text: str) -> None:
        said = say(text)
        assert not cut(text, said[: sounding(said)[-1]])[1]
        assert cut("Ok.", say("Ok."), quiet(200))[1]


class TestBabble:
    @pytest.mark.parametrize("text", ["Ok.", "Yes.", "No.", "Hello.", "Strengths."])
    @pytest.mark.parametrize("speed", [0.5, 1.0])
    def test_after_one_word_and_a_pause(self, text: str, speed: float) -> None:
        out, done = cut(text, bare(text, speed), quiet(300 / speed), bare(BABBLE), speed=speed)
        assert done
        assert milliseconds(len(out) - len(bare(text, speed))) == pytest.approx(100, abs=20)

    def test_after_a_sentence_and_pauses(self) -> None:
        text = "Half past four."
        babble = [part for _ in range(20) for part in (quiet(300), bare("in the hall"))]
        out, done = cut(text, bare(text), *babble)
        assert done
        place_of(bare(text)[150:-150], out)
        assert milliseconds(len(out)) <= 2_500

    @pytest.mark.parametrize("text", ["Ok.", "Thank you.", "Half past four."])
    def test_without_a_pause(self, text: str) -> None:
        stream = joined(bare(text), *(bare(BABBLE) for _ in range(5)))
        out, done = cut(text, stream)
        assert done
        assert len(bare(text)) < len(out) < 0.5 * len(stream)
        kept = milliseconds(sounding(out)[-1])
        assert kept <= 1000 * 2.5 * SpeakingTime.of(text).whole_s + 1_000

    def test_a_drone_is_let_be(self) -> None:
        drone = noise(8_000, -20.0)
        out, done = cut("Ok.", drone)
        assert not done
        assert len(out) == len(drone)

    def test_faint_breath_is_dropped_by_the_silence_rule(self) -> None:
        out, _ = cut("Thank you.", bare("Thank you."), noise(900, -53.0))
        assert milliseconds(len(out) - len(bare("Thank you."))) <= 110

    def test_what_follows_is_dropped(self) -> None:
        sentence = SentenceAudio(RATE, runaway=RunawayDetector("Ok."))
        sentence.push(joined(bare("Ok."), quiet(300)))
        assert sentence.done
        assert not len(sentence.push(bare(BABBLE)))
        assert milliseconds(len(sentence.finish())) <= 110


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
        out, _ = cut("…", bare("Ok."))
        assert len(out) >= len(bare("Ok.")) - 1
