"""Several segments at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import fmean
from typing import Any

from tests.support.scripted_recognizer import transcribe, transcribe_all, wanted
from tests.support.speech import say, words
from tests.support.whisper_speech import DOOR, ENGLISH, SENTENCES, like, speech, watch
from wyoming_voice_stack.asr.engine import TranscriptionRequest
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import DecodePass, DecodePasses
from wyoming_voice_stack.asr.whisper.decoding.window import WINDOW_S
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.placement import Placement


def batching(recognizer: WhisperRecognizer) -> tuple[WhisperRecognizer, list[Any]]:
    return watch(recognizer, placement=Placement(batch_size=4, window_step_s=5))


def test_a_batch_gives_the_texts_of_one_by_one(recognizer: WhisperRecognizer) -> None:
    together, events = batching(recognizer)
    assert together.batch_size == 4
    speeches = [speech(sentence) for sentence in SENTENCES]
    alone = like(together, model=recognizer._model)
    one_by_one = [result for one in speeches for result in transcribe_all(alone, [one], wanted)]
    at_once = transcribe_all(together, speeches, wanted)
    assert at_once == one_by_one
    assert [words(result.text) for result in at_once][1:] == [words(one) for one in SENTENCES[1:]]
    assert max(event[1] for event in events if event[0] == "encode") >= 4


def test_nothing_to_transcribe(recognizer: WhisperRecognizer) -> None:
    assert transcribe_all(recognizer, [], wanted) == []


def test_each_of_a_batch_has_its_own_language(polyglot: WhisperRecognizer) -> None:
    together, events = batching(polyglot)
    requests = [
        TranscriptionRequest(candidate_languages=("en", "fr")),
        TranscriptionRequest(language="it"),
        TranscriptionRequest(),
        TranscriptionRequest(candidate_languages=("fr", "en"), task="translate"),
    ]
    speeches = [speech(DOOR, request) for request in requests]
    result = transcribe_all(together, speeches, wanted)
    assert [one.language for one in result] == ["fr", "it", "de", "en"]
    assert [event[:2] for event in events[:2]] == [("encode", 4), ("detect", 4)]
    assert events.count(("write", 4)) == 1
    assert result == [text for one in speeches for text in transcribe_all(together, [one], wanted)]


def test_each_of_a_batch_has_its_own_hints(recognizer: WhisperRecognizer) -> None:
    together, _ = batching(recognizer)
    # Not two names that sound alike: the processor's rounding would decide between them.
    hinted = replace(ENGLISH, names=("Siobhan", "Kontor"))
    call = "Please call Kontor."
    speeches = [speech(call, hinted), speech(DOOR), speech(call), speech(DOOR, hinted)]
    result = [one.text for one in transcribe_all(together, speeches, wanted)]
    assert ["Kontor" in one for one in result] == [True, False, False, False]
    assert words(result[1]) == words(result[3]) == words(DOOR)


def test_sure_texts_do_not_wait_for_the_second_pass_of_others(
    recognizer: WhisperRecognizer,
) -> None:
    full = Placement(batch_size=4, window_step_s=WINDOW_S)
    speeches = [speech(DOOR), speech(SENTENCES[0]), speech(SENTENCES[1])]
    texts = transcribe_all(like(recognizer, placement=full), speeches, wanted)
    likely = [one.confidence.avg_logprob for one in texts if one.confidence]
    least, between = likely.index(min(likely)), fmean(sorted(likely)[:2])
    passes = (DecodePass(10, between), DecodePass(10, between, beams=2))
    placement = replace(full, passes=DecodePasses(passes))
    together, events = watch(recognizer, placement=placement)
    results = together.transcribe(speeches, wanted)
    sure = {next(results)[0], next(results)[0]}
    assert sure == {0, 1, 2} - {least}
    assert events.count(("write", 3)) == 1
    assert ("write", 1) not in events
    assert [number for number, _ in results] == [least]
    assert ("write", 1) in events


def test_texts_without_names_do_not_wait_for_those_with_names(
    recognizer: WhisperRecognizer,
) -> None:
    placement = Placement(batch_size=4, window_step_s=WINDOW_S)
    together, events = watch(recognizer, placement=placement)
    request = replace(ENGLISH, household_names=("Kontor",))
    speeches = [speech("Please call Kontor.", request), speech(SENTENCES[0], request)]
    results = together.transcribe(speeches, wanted)
    assert next(results)[0] == 1
    assert [event[0] for event in events].count("write") == 1
    number, named = next(results)
    assert (number, "Kontor" in named.text) == (0, True)
    assert [event[0] for event in events].count("write") == 2


def test_two_threads_at_once_get_their_own_texts(recognizer: WhisperRecognizer) -> None:
    alone = {one: transcribe(recognizer, say(one), ENGLISH).text for one in SENTENCES}
    said = [*SENTENCES, *SENTENCES[::-1]]
    with ThreadPoolExecutor(2) as pool:
        texts = list(pool.map(lambda one: transcribe(recognizer, say(one), ENGLISH).text, said))
    assert texts == [alone[one] for one in said]
