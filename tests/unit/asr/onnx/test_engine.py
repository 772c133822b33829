"""Recognition by a tiny Parakeet with random weights: its text has no sense, but the same rules hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support import sounds
from tests.support.queue_line import Line
from tests.support.scripted_recognizer import transcribe, transcribe_all, wanted
from tests.support.speech import at_level, say, silence
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, Speech, TranscriptionRequest
from wyoming_voice_stack.asr.onnx.decoded_speech import DecodedSpeech
from wyoming_voice_stack.asr.onnx.engine import MAX_SPAN_S, OnnxRecognizer
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.engine.queueing.job import SHORT_JOB_S
from wyoming_voice_stack.errors import Abandoned, EngineError, RequestError, UnknownLanguage

ENGLISH = TranscriptionRequest(language="en")
DOOR = "Close the garage door and turn off all the lights."
LIGHT = "Turn on the kitchen light."


class ScriptedModel:
    """Returns the same answer each time, and keeps what it was asked."""

    def __init__(self, decoded: DecodedSpeech, *, canary: bool = False) -> None:
        self._decoded = decoded
        self.takes_language = self.needs_language = self.translates = canary
        self.calls: list[tuple[int, str | None, bool]] = []

    def decode(self, samples: Samples, language: str | None, *, to_english: bool) -> DecodedSpeech:
        self.calls.append((len(samples), language, to_english))
        return self._decoded


def scripted(
    text: str, *, languages: tuple[str, ...] = ("en", "de"), canary: bool = False, **facts: Any
) -> tuple[OnnxRecognizer, ScriptedModel]:
    model = ScriptedModel(DecodedSpeech(text, **facts), canary=canary)
    recognizer = OnnxRecognizer(
        model, languages=languages, vad=SileroVad.installed()  # type: ignore[arg-type]
    )
    return recognizer, model


def speech(sentence: str, request: TranscriptionRequest = ENGLISH) -> Speech:
    return Speech(np.pad(say(sentence), (3_200, 1_600)), request)


def test_speech_gives_text(parakeet: OnnxRecognizer) -> None:
    result = transcribe(parakeet, say(DOOR), ENGLISH)
    assert result.text == " ".join(result.text.split()) != ""
    assert result.language == "en"
    [span] = transcribe_all(parakeet, [speech(DOOR)], wanted)
    assert span.confidence is not None
    assert -2 < span.confidence.avg_logprob < 0


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(0), id="nothing"),
        pytest.param(silence(5), id="silence"),
        *(pytest.param(sounds.noise(5, slope), id=f"slope {slope}") for slope in (0, 1, 2)),
        *(pytest.param(sounds.hum(8, hertz), id=f"hum {hertz}") for hertz in (50, 60)),
        pytest.param(sounds.clicks(8, 2, 5), id="clock"),
        pytest.param(sounds.clicks(5, 8, 20), id="typing"),
        pytest.param(sounds.clicks(8, 1, 80), id="knocking"),
        pytest.param(sounds.slam(3), id="slam"),
        pytest.param(sounds.music(5), id="music"),
        pytest.param(sounds.beeps(5), id="beeps"),
    ],
)
@pytest.mark.parametrize("dbfs", [-20, -40])
def test_no_speech_gives_no_text(parakeet: OnnxRecognizer, sound: Samples, dbfs: int) -> None:
    heard = at_level(sound, dbfs).clip(-1, 1) if len(sound) else sound
    # The model itself would make words of each of them.
    assert transcribe(parakeet, heard, TranscriptionRequest()).text == ""
    assert transcribe(parakeet, heard, ENGLISH).language == "en"


def test_a_model_of_random_weights_makes_words_of_noise(parakeet: OnnxRecognizer) -> None:
    """So that the test above tests the detection of speech."""
    [result] = transcribe_all(parakeet, [Speech(sounds.noise(3, 1), ENGLISH)], wanted)
    assert result.text


def test_the_same_speech_gives_the_same_text_in_any_company(parakeet: OnnxRecognizer) -> None:
    speeches = [speech(DOOR), speech(LIGHT), speech("Stop.")]
    together = transcribe_all(parakeet, speeches, wanted)
    alone = [transcribe_all(parakeet, [each], wanted)[0] for each in speeches]
    assert together == alone
    assert len({result.text for result in alone}) == len(speeches)


def test_threads_do_not_disturb_each_other(parakeet: OnnxRecognizer) -> None:
    sentences = [DOOR, LIGHT, "Stop."] * 4
    expected = [transcribe_all(parakeet, [speech(each)], wanted)[0].text for each in sentences]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(
            lambda each: transcribe_all(parakeet, [speech(each)], wanted)[0].text, sentences
        )
        assert list(found) == expected


def test_long_speech_is_cut_at_pauses(parakeet: OnnxRecognizer) -> None:
    piece = np.concatenate([say(DOOR), silence(0.4)])
    count = round(2.5 * MAX_SPAN_S * SAMPLE_RATE / len(piece))
    segmenter = parakeet.new_segmenter()
    segmenter.push(np.concatenate([piece] * count))
    segmenter.finish()
    lengths = [(span.stop - span.start) / SAMPLE_RATE for span in segmenter.spans]
    assert len(lengths) >= 3
    assert max(lengths) <= MAX_SPAN_S + 0.2
    assert sum(lengths) > 2 * MAX_SPAN_S


@pytest.mark.parametrize(
    ("request_", "language"),
    [
        (TranscriptionRequest(), None),
        (TranscriptionRequest("de"), "de"),
        (TranscriptionRequest(candidate_languages=("de",)), "de"),
        (TranscriptionRequest(candidate_languages=("fr", "en")), "en"),
        (TranscriptionRequest(candidate_languages=("de", "en")), None),
    ],
)
def test_language_of_the_text(
    parakeet: OnnxRecognizer, request_: TranscriptionRequest, language: str | None
) -> None:
    [result] = transcribe_all(parakeet, [speech(DOOR, request_)], wanted)
    assert (bool(result.text), result.language) == (True, language)


@pytest.mark.parametrize(
    "request_", [TranscriptionRequest("fr"), TranscriptionRequest(candidate_languages=("fr", "it"))]
)
def test_an_unsupported_language(parakeet: OnnxRecognizer, request_: TranscriptionRequest) -> None:
    with pytest.raises(UnknownLanguage, match="'fr"):
        transcribe_all(parakeet, [speech(DOOR, request_)], wanted)


def test_a_model_that_cannot_translate_says_so(parakeet: OnnxRecognizer) -> None:
    with pytest.raises(RequestError, match=r"does not translate.* such as small"):
        transcribe_all(parakeet, [speech(DOOR, replace(ENGLISH, task="translate"))], wanted)


def test_canary_is_told_the_language_and_translates() -> None:
    recognizer, model = scripted("Good morning.", canary=True)
    request = TranscriptionRequest("de", task="translate")
    [result] = transcribe_all(recognizer, [speech(LIGHT, request)], wanted)
    assert (result.text, result.language) == ("Good morning.", "en")
    transcribe_all(recognizer, [speech(LIGHT, replace(request, task="transcribe"))], wanted)
    assert [call[1:] for call in model.calls] == [("de", True), ("de", False)]


def test_canary_cannot_detect_the_language() -> None:
    recognizer, model = scripted("Good morning.", canary=True)
    with pytest.raises(UnknownLanguage, match=r"cannot detect the language.*ASR_LANGUAGE"):
        transcribe_all(recognizer, [speech(LIGHT, TranscriptionRequest())], wanted)
    only = TranscriptionRequest(candidate_languages=("de", "fr"))
    assert transcribe_all(recognizer, [speech(LIGHT, only)], wanted)[0].language == "de"
    assert len(model.calls) == 1


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ({"names": ("Kontor",)}, "Turn on the Kontor lamp."),
        ({"household_names": ("Attic", "Kontor")}, "Turn on the Kontor lamp."),
        ({"terms": ("Kitchen",)}, "Turn on the contor lamp."),
        ({}, "Turn on the contor lamp."),
    ],
)
def test_names_are_spelled_as_the_household_does(names: dict[str, Any], text: str) -> None:
    recognizer, _ = scripted("Turn on the contor lamp.")
    request = replace(ENGLISH, **names)
    assert transcribe_all(recognizer, [speech(LIGHT, request)], wanted)[0].text == text


def test_words_are_not_replaced_by_names_that_differ() -> None:
    recognizer, _ = scripted("Turn on the sauna of bridge.")
    request = replace(ENGLISH, names=("Sonoff Bridge",))
    # Whisper would be asked again; a model that cannot be asked keeps what it heard.
    [result] = transcribe_all(recognizer, [speech(LIGHT, request)], wanted)
    assert result.text == "Turn on the sauna of bridge."


def test_guesses_are_dropped() -> None:
    recognizer, _ = scripted("the the", logprobs=(-3.0, -2.0))
    [result] = transcribe_all(recognizer, [speech(LIGHT)], wanted)
    assert (result.text, result.language) == ("", "en")


def test_times_of_words_on_request(parakeet: OnnxRecognizer) -> None:
    asked = speech(DOOR, replace(ENGLISH, word_times=True))
    [result] = transcribe_all(parakeet, [asked], wanted)
    assert [word.text for word in result.words] == result.text.split()
    times = [time for word in result.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= len(asked.samples) / SAMPLE_RATE
    [without] = transcribe_all(parakeet, [speech(DOOR)], wanted)
    assert without.words == ()


def test_cancelled_between_two_spans() -> None:
    recognizer, model = scripted("hello")
    answers = iter([True, False])
    with pytest.raises(Abandoned):
        transcribe_all(recognizer, [speech(DOOR), speech(LIGHT)], lambda: next(answers))
    assert len(model.calls) == 1


def test_one_recording_at_a_time_and_a_command_beside_it() -> None:
    recognizer, _ = scripted("hello")
    line = Line(recognizer.lanes, recognizer.batch_size, recognizer.express_lanes)
    group = recognizer.batch_group(SHORT_JOB_S, ENGLISH)
    first, _ = [line.put_costing(SHORT_JOB_S + 1, batch_key=group) for _ in range(2)]
    assert line.take() == [first]
    command, _ = [line.put_costing(SHORT_JOB_S, batch_key=group) for _ in range(2)]
    assert line.take() == [command]
    assert line.take() == []


def test_a_failing_engine_raises_its_cause() -> None:
    recognizer, model = scripted("hello")
    model.decode = None  # type: ignore[assignment, method-assign]
    with pytest.raises(EngineError, match=r"failed on this utterance \(TypeError\)") as caught:
        transcribe_all(recognizer, [speech(DOOR)], wanted)
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_closed_model_is_gone(tiny_parakeet: Any, vad: SileroVad) -> None:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    recognizer = OnnxRecognizer.load(tiny_parakeet, languages=("en",), threads=1, vad=vad)
    assert (recognizer.device, recognizer.languages) == ("cpu", ("en",))
    recognizer.close()
    with pytest.raises(EngineError, match="unloaded"):
        transcribe_all(recognizer, [speech(DOOR)], wanted)
