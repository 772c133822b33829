from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soxr

from tests.support import sounds
from tests.support.scripted_recognizer import ScriptedVad, WatchedModel, transcribe, wanted
from tests.support.speech import at_level, say, silence, words
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, Speech, TranscriptionRequest
from wyoming_voice_stack.asr.whisper import window
from wyoming_voice_stack.asr.whisper.catalogue import LANGUAGES_BEFORE_V3
from wyoming_voice_stack.asr.whisper.decode_passes import CAREFUL, PARTIAL, DecodePass, DecodePasses
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.loading import Placement
from wyoming_voice_stack.asr.whisper.window import WINDOW_S
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.errors import Abandoned, EngineError, UnknownLanguage

ENGLISH = TranscriptionRequest(language="en")
DOOR = "Close the garage door and turn off all the lights."
SENTENCES = (
    "Turn on the kitchen light.",
    "What is the weather like tomorrow in London?",
    "Set a timer for ten minutes.",
    DOOR,
    "No, thank you very much.",
    "Stop.",
)
NEVER_SURE = DecodePasses(
    english=(DecodePass(4, 0.0), DecodePass(10, 0.0), DecodePass(WINDOW_S, 0.0)), others=()
)
SHOPPING = (
    "Please turn on the kitchen light, close the garage door, start the washing machine, open the"
    " window in the bathroom, play some music in the living room, set a timer for ten minutes, add"
    " butter, milk, cheese, eggs, bread, apples and onions to the shopping list, lock the front"
    " door, turn down the heating in the bedroom, feed the cat, water the flowers in the garden,"
    " call my sister, my brother, my mother and my father, and tell all of them that we are going"
    " to have dinner with our neighbours in the late afternoon."
)


def text(recognizer: WhisperRecognizer, samples: Samples) -> list[str]:
    return words(transcribe(recognizer, samples, ENGLISH).text)


def like(recognizer: WhisperRecognizer, **changes: object) -> WhisperRecognizer:
    """A recognizer with the same model and other settings."""
    same = {
        "languages": recognizer.languages,
        "beam_size": recognizer._beam_size,
        "vad": recognizer._vad,
        "placement": recognizer._placement,
    }
    model = changes.pop("model", recognizer._model)
    return WhisperRecognizer(model, **same | changes)  # type: ignore[arg-type]


def watch(recognizer: WhisperRecognizer, **changes: object) -> tuple[WhisperRecognizer, list[Any]]:
    """A recognizer with the same model, and the list of calls it makes."""
    model = WatchedModel(recognizer._model)
    return like(recognizer, model=model, **changes), model.events


def speech(sentence: str, request: TranscriptionRequest = ENGLISH) -> Speech:
    return Speech(np.pad(say(sentence), (3_200, 1_600)), request)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_speech_is_transcribed(recognizer: WhisperRecognizer, sentence: str) -> None:
    result = transcribe(recognizer, say(sentence), ENGLISH)
    assert words(result.text) == words(sentence)
    assert result.text == " ".join(result.text.split())
    assert result.language == "en"


@pytest.mark.parametrize(
    ("rate", "width", "channels"),
    [(8_000, 2, 1), (16_000, 2, 2), (22_050, 4, 1), (44_100, 3, 1), (48_000, 3, 2)],
)
def test_speech_in_any_format(
    recognizer: WhisperRecognizer, rate: int, width: int, channels: int
) -> None:
    spoken = np.clip(say(DOOR, rate), -0.99, 0.99) * 2 ** (8 * width - 1)
    frames = np.repeat(spoken.astype("<i8")[:, None], channels, axis=1).reshape(-1, 1)
    data = frames.view(np.uint8)[:, :width].tobytes()
    decoder = SpeechDecoder(PcmFormat(rate, width, channels))
    pieces = [decoder.push(data[first : first + 1_001]) for first in range(0, len(data), 1_001)]
    assert text(recognizer, np.concatenate([*pieces, decoder.finish()])) == words(DOOR)


def test_speech_that_is_longer_than_whispers_window(recognizer: WhisperRecognizer) -> None:
    said = [*SENTENCES[:5], *SENTENCES[:5][::-1], *SENTENCES[:5]]
    pause = silence(0.6)
    speech = np.concatenate([piece for sentence in said for piece in (say(sentence), pause)])
    result, expected = text(recognizer, speech), words(" ".join(said))
    assert len(speech) > 35 * SAMPLE_RATE
    assert len(result) == len(expected)
    # The smallest model gets one word in a hundred wrong; none may be missing.
    assert sum(a != b for a, b in zip(result, expected, strict=True)) <= 3


def test_repeated_sentences_are_kept(recognizer: WhisperRecognizer) -> None:
    speech = np.concatenate([piece for _ in range(8) for piece in (say(DOOR), silence(0.3))])
    result = transcribe(recognizer, speech, ENGLISH).text
    assert len(words(result)) == pytest.approx(8 * len(words(DOOR)), abs=len(words(DOOR)))


@pytest.mark.parametrize("word", ["stop", "no", "yes"])
def test_a_word_that_is_said_eight_times_is_heard(recognizer: WhisperRecognizer, word: str) -> None:
    speech = np.concatenate([piece for _ in range(8) for piece in (say(f"{word}."), silence(0.3))])
    result = words(transcribe(recognizer, speech, ENGLISH).text)
    assert set(result) == {word}
    # The smallest model miscounts by a few.
    assert len(result) == pytest.approx(8, abs=3)


@pytest.mark.parametrize("dbfs", [-40, -50])
def test_quiet_speech(recognizer: WhisperRecognizer, dbfs: float) -> None:
    assert text(recognizer, at_level(say(DOOR), dbfs)) == words(DOOR)


@pytest.mark.parametrize("dbfs", [-30, -55])
@pytest.mark.parametrize("offset", [0.05, -0.3])
def test_speech_over_an_offset(recognizer: WhisperRecognizer, dbfs: float, offset: float) -> None:
    assert text(recognizer, at_level(say(DOOR), dbfs) + np.float32(offset)) == words(DOOR)


def test_stereo_whose_channels_cancel(recognizer: WhisperRecognizer) -> None:
    spoken = at_level(say(DOOR), -20)
    decoder = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, 2))
    mono = decoder.push(to_pcm16(np.stack([spoken, -spoken], axis=1).reshape(-1)))
    assert text(recognizer, np.concatenate([mono, decoder.finish()])) == words(DOOR)


@pytest.mark.parametrize(("before", "after"), [(0, 2.0), (1.0, 0), (5.0, 5.0), (40.0, 40.0)])
def test_silence_around_speech(recognizer: WhisperRecognizer, before: float, after: float) -> None:
    hiss = at_level(sounds.noise(before + after + 10, 1), -66)
    speech = np.concatenate([silence(before), say(DOOR), silence(after)])
    assert text(recognizer, speech + hiss[: len(speech)]) == words(DOOR)


def test_speech_in_noise(recognizer: WhisperRecognizer) -> None:
    speech = at_level(say(DOOR), -26)
    noise = at_level(sounds.noise(10, 1), -41)[: len(speech)]
    assert text(recognizer, speech + noise) == words(DOOR)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(0), id="nothing"),
        pytest.param(silence(5), id="silence"),
        pytest.param(at_level(sounds.noise(5, 1), -20), id="noise"),
        pytest.param(at_level(sounds.music(5), -20), id="music"),
        pytest.param(at_level(sounds.clicks(5, 8, 20), -20), id="typing"),
        pytest.param(at_level(sounds.hum(8, 50), -20), id="hum of 50 Hz"),
        pytest.param(at_level(sounds.hum(8, 60), -20), id="hum of 60 Hz"),
    ],
)
def test_no_speech_gives_no_text(recognizer: WhisperRecognizer, sound: Samples) -> None:
    assert transcribe(recognizer, sound, TranscriptionRequest()).text == ""
    assert transcribe(recognizer, sound, TranscriptionRequest()).language is None
    assert transcribe(recognizer, sound, ENGLISH).language == "en"


class EverythingIsSpeech:
    """A detector that takes everything for speech, so that only Whisper's own figures reject noise."""

    def stream(self) -> ScriptedVad:
        return ScriptedVad([], 1.0)


@pytest.mark.parametrize(
    "sound",
    [
        *(pytest.param(sounds.noise(8, slope), id=f"slope {slope}") for slope in (0, 1, 2)),
        pytest.param(sounds.clicks(8, 2, 5), id="clock"),
        pytest.param(sounds.clicks(8, 1, 80), id="knocking"),
        pytest.param(sounds.slam(3), id="slam"),
        pytest.param(sounds.music(8), id="music"),
    ],
)
def test_text_invented_from_noise_is_rejected(
    recognizer: WhisperRecognizer, sound: Samples
) -> None:
    undetected = like(recognizer, beam_size=1, vad=EverythingIsSpeech())
    assert transcribe(undetected, at_level(sound, -30).clip(-1, 1), ENGLISH).text == ""


def test_the_same_request_gives_the_same_text(recognizer: WhisperRecognizer) -> None:
    speech = at_level(say(DOOR), -30) + at_level(sounds.noise(10, 0), -30)[: len(say(DOOR))]
    result = {transcribe(recognizer, speech, ENGLISH).text for _ in range(3)}
    assert len(result) == 1


def test_names_change_how_a_word_is_written(recognizer: WhisperRecognizer) -> None:
    speech = say("Please call Kontor.")
    assert "Kontor" not in transcribe(recognizer, speech, ENGLISH).text
    for hinted in (
        {"names": ("Siobhan", "Kontor")},
        {"household_names": ("Cellar", "Kontor", "Attic")},
    ):
        request = TranscriptionRequest(language="en", **hinted)
        assert "Kontor" in transcribe(recognizer, speech, request).text


def test_a_huge_list_of_names_and_a_huge_prompt_do_no_harm(recognizer: WhisperRecognizer) -> None:
    request = TranscriptionRequest(
        language="en",
        names=tuple(f"Lamp of {name} {number}" for number in range(1_000) for name in "AB"),
        terms=("x" * 100_000,),
        initial_prompt="A household tells its machines what to do. " * 500,
    )
    assert words(transcribe(recognizer, say(DOOR), request).text) == words(DOOR)


def test_an_english_model_transcribes_whatever_the_task(recognizer: WhisperRecognizer) -> None:
    result = transcribe(recognizer, say(DOOR), TranscriptionRequest(task="translate"))
    assert (words(result.text), result.language) == (words(DOOR), "en")


@pytest.mark.parametrize(
    "request_", [TranscriptionRequest("de"), TranscriptionRequest(candidate_languages=("de",))]
)
def test_an_english_model_rejects_other_languages(
    recognizer: WhisperRecognizer, request_: TranscriptionRequest
) -> None:
    with pytest.raises(UnknownLanguage, match="'de'"):
        transcribe(recognizer, say(DOOR), request_)


@pytest.mark.parametrize(
    ("candidates", "detected"),
    [((), "de"), (("en", "fr"), "fr"), (("it",), "it"), (("xx", "en"), "en")],
)
def test_language_is_detected_among_the_candidates(
    polyglot: WhisperRecognizer, candidates: tuple[str, ...], detected: str
) -> None:
    result = transcribe(polyglot, say(DOOR), TranscriptionRequest(candidate_languages=candidates))
    assert (words(result.text), result.language) == (words(DOOR), detected)


def test_a_language_that_is_given_is_not_detected(polyglot: WhisperRecognizer) -> None:
    request = TranscriptionRequest(language="it", candidate_languages=("de", "fr"))
    assert transcribe(polyglot, say(DOOR), request).language == "it"
    assert polyglot.languages == LANGUAGES_BEFORE_V3


def test_a_translation_is_english(polyglot: WhisperRecognizer) -> None:
    result = transcribe(polyglot, say(DOOR), TranscriptionRequest(language="fr", task="translate"))
    assert result.language == "en"


def test_a_language_that_does_not_exist_is_rejected(polyglot: WhisperRecognizer) -> None:
    with pytest.raises(UnknownLanguage, match="'tlh'"):
        transcribe(polyglot, say(DOOR), TranscriptionRequest(language="tlh"))


def test_a_failing_engine_raises_its_cause(recognizer: WhisperRecognizer) -> None:
    broken = like(recognizer, beam_size=-1)
    with pytest.raises(EngineError) as caught:
        transcribe(broken, say(DOOR), ENGLISH)
    assert isinstance(caught.value.__cause__, ValueError | RuntimeError | TypeError)


def test_pcm16_gives_the_same_text(recognizer: WhisperRecognizer) -> None:
    again = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, 1)).push(to_pcm16(say(DOOR)))
    assert text(recognizer, again) == words(DOOR)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_short_windows_give_the_words_of_the_full_one(
    recognizer: WhisperRecognizer, sentence: str
) -> None:
    short, events = watch(recognizer)
    full, full_events = watch(recognizer, placement=Placement(window_step_s=WINDOW_S))
    result = [words(transcribe(one, say(sentence), ENGLISH).text) for one in (short, full)]
    assert result[0] == result[1] == words(sentence)
    assert events[0][2] <= 1_500 < full_events[0][2] == 3_000


def test_partial_text_takes_a_shorter_window(recognizer: WhisperRecognizer) -> None:
    watching, events = watch(recognizer)
    request = replace(ENGLISH, partial=True)
    assert words(transcribe(watching, say(DOOR), request).text) == words(DOOR)
    assert transcribe(watching, say(DOOR), ENGLISH).text
    (_, _, partial), (_, _, final) = (event for event in events if event[0] == "encode")
    assert final - partial == 100 * (CAREFUL.context_s - PARTIAL.context_s)


def batching(recognizer: WhisperRecognizer) -> tuple[WhisperRecognizer, list[Any]]:
    return watch(recognizer, placement=Placement(batch_size=4, window_step_s=5))


def test_a_batch_gives_the_texts_of_one_by_one(recognizer: WhisperRecognizer) -> None:
    together, events = batching(recognizer)
    assert together.batch_size == 4
    speeches = [speech(sentence) for sentence in SENTENCES]
    alone = like(together, model=recognizer._model)
    one_by_one = [result for one in speeches for result in alone.transcribe([one], wanted)]
    at_once = together.transcribe(speeches, wanted)
    assert at_once == one_by_one
    assert [words(result.text) for result in at_once][1:] == [words(one) for one in SENTENCES[1:]]
    assert max(event[1] for event in events if event[0] == "encode") >= 4


def test_nothing_to_transcribe(recognizer: WhisperRecognizer) -> None:
    assert recognizer.transcribe([], wanted) == []


def test_each_of_a_batch_has_its_own_language(polyglot: WhisperRecognizer) -> None:
    together, events = batching(polyglot)
    requests = [
        TranscriptionRequest(candidate_languages=("en", "fr")),
        TranscriptionRequest(language="it"),
        TranscriptionRequest(),
        TranscriptionRequest(candidate_languages=("fr", "en"), task="translate"),
    ]
    speeches = [speech(DOOR, request) for request in requests]
    result = together.transcribe(speeches, wanted)
    assert [one.language for one in result] == ["fr", "it", "de", "en"]
    assert [event[:2] for event in events[:2]] == [("encode", 4), ("detect", 4)]
    assert events.count(("write", 4)) == 1
    assert result == [text for one in speeches for text in together.transcribe([one], wanted)]


def test_each_of_a_batch_has_its_own_hints(recognizer: WhisperRecognizer) -> None:
    together, _ = batching(recognizer)
    # Not two names that sound alike: the processor's rounding would decide between them.
    hinted = replace(ENGLISH, names=("Siobhan", "Kontor"))
    call = "Please call Kontor."
    speeches = [speech(call, hinted), speech(DOOR), speech(call), speech(DOOR, hinted)]
    result = [one.text for one in together.transcribe(speeches, wanted)]
    assert ["Kontor" in one for one in result] == [True, False, False, False]
    assert words(result[1]) == words(result[3]) == words(DOOR)


def test_two_threads_at_once_get_their_own_texts(recognizer: WhisperRecognizer) -> None:
    alone = {one: transcribe(recognizer, say(one), ENGLISH).text for one in SENTENCES}
    said = [*SENTENCES, *SENTENCES[::-1]]
    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(lambda one: transcribe(recognizer, say(one), ENGLISH).text, said))
    assert texts == [alone[one] for one in said]


def test_unreliable_text_is_decoded_in_the_full_window(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    watching, events = watch(recognizer)
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write", "whole"]


def test_truncated_text_is_decoded_in_the_full_window(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "max_text_tokens", lambda seconds: 4)
    cut_off, events = watch(recognizer)
    assert words(transcribe(cut_off, say(DOOR), ENGLISH).text) == words(DOOR)
    assert events[-1] == ("whole",)


@pytest.mark.parametrize("partial", [False, True])
def test_fast_speech_is_transcribed_to_its_end(
    recognizer: WhisperRecognizer, *, partial: bool
) -> None:
    fast = soxr.resample(say(SHOPPING), 5, 4).astype(np.float32)
    watching, events = watch(recognizer)
    result = words(transcribe(watching, fast, replace(ENGLISH, partial=partial)).text)
    assert len(result) == pytest.approx(len(words(SHOPPING)), abs=4)
    assert result[-4:] == ["in", "the", "late", "afternoon"]
    assert [event[0] for event in events] == ["encode", "write"]


def test_unsure_text_is_decoded_again(recognizer: WhisperRecognizer) -> None:
    watching, events = watch(recognizer, placement=Placement(passes=NEVER_SURE))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write"] * 3
    frames = [event[2] for event in events if event[0] == "encode"]
    assert frames[1] - frames[0] == 600
    assert frames[2] == 100 * WINDOW_S


def test_sure_text_is_decoded_once(recognizer: WhisperRecognizer) -> None:
    passes = DecodePasses(english=(DecodePass(6, -1.0), DecodePass(12, -1.0)), others=())
    watching, events = watch(recognizer, placement=Placement(passes=passes))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write"]


def test_passes_depend_on_the_language(polyglot: WhisperRecognizer) -> None:
    passes = DecodePasses(english=(DecodePass(6, -9.0, beams=1),), others=(DecodePass(9, -9.0),))
    watching, events = watch(polyglot, placement=Placement(batch_size=4, passes=passes))
    spoken = [TranscriptionRequest(language=code) for code in ("en", "it", "en")]
    watching.transcribe([speech(DOOR, request) for request in spoken], wanted)
    encoded = [event[1:] for event in events if event[0] == "encode"]
    assert sorted(count for count, _ in encoded) == [1, 2]
    assert abs(encoded[0][1] - encoded[1][1]) == 300


@pytest.mark.parametrize(("beams", "times"), [(None, 1), (1, 2)])
def test_a_pass_that_is_no_different_is_skipped(
    recognizer: WhisperRecognizer, beams: int | None, times: int
) -> None:
    passes = DecodePasses(
        english=(DecodePass(WINDOW_S, 0.0, beams), DecodePass(WINDOW_S + 1, 0.0)), others=()
    )
    watching, events = watch(recognizer, placement=Placement(passes=passes))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    frames = [event[2] for event in events if event[0] == "encode"]
    assert frames == [100 * WINDOW_S] * times


def test_partial_text_takes_one_pass(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    watching, events = watch(recognizer, placement=Placement(passes=NEVER_SURE))
    watching.transcribe([speech(DOOR, replace(ENGLISH, partial=True))], wanted)
    assert [event[0] for event in events] == ["encode", "write"]


@pytest.mark.parametrize(
    ("answers", "done"),
    [
        ([], []),
        ([True], ["encode", "detect"]),
        ([True, True], ["encode", "detect", "write"]),
        ([True, True, True], ["encode", "detect", "write", "whole"]),
    ],
)
def test_unwanted_speech_is_not_processed_further(
    polyglot: WhisperRecognizer,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[bool],
    done: list[str],
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    transcribing, events = watch(polyglot)
    asked = iter(answers)
    try:
        result = transcribing.transcribe(
            [speech(DOOR, TranscriptionRequest())], lambda: next(asked, False)
        )
        assert words(result[0].text) == words(DOOR)
    except Abandoned:
        assert len(answers) < 3
    assert [event[0] for event in events] == done
