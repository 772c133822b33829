"""The parts of an utterance with their times, and what a request says about prompt, task and languages."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.support.asr_client import OPTIONS, serving
from tests.support.fakes import FakeRecognizer, eventually
from tests.unit.asr.test_service import PCM, pcm
from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Confidence,
    Speech,
    SpeechSpan,
    TimedWord,
    Transcription,
)
from wyoming_voice_stack.asr.segments import TranscriptSegment, join_segments, segment_of
from wyoming_voice_stack.asr.utterance_request import MAX_PROMPT_CHARACTERS, UtteranceRequest
from wyoming_voice_stack.asr.vad.segmenter import LEAD_IN_MS
from wyoming_voice_stack.errors import UnknownLanguage

FIGURES = Confidence(-0.2, 0.1, 1.3)


class NumberedRecognizer(FakeRecognizer):
    """Says how many spans it has transcribed, with a time for each word if asked."""

    def transcribe_one(self, speech: Speech) -> Transcription:
        number = str(len(self.requests))
        seconds = len(speech.samples) / SAMPLE_RATE
        words = (TimedWord(number, 0.0, seconds),) if speech.request.word_times else ()
        return Transcription(number, speech.request.language or "de", words, FIGURES)


@pytest.fixture
def engine() -> NumberedRecognizer:
    return NumberedRecognizer()


async def test_segments_arrive_one_by_one(engine: NumberedRecognizer) -> None:
    options = replace(OPTIONS, max_utterance_s=120)
    audio = (pcm(1.0) + pcm(60.0, loud=False)) + pcm(2.0)
    async with serving(engine, options) as service:
        utterance = service.open_utterance(UtteranceRequest(word_times=True))
        await utterance.push(PCM, audio)
        async with aclosing(utterance.finish_by_segment()) as segments:
            seen = [(segment.text, len(utterance.segments)) async for segment in segments]
        assert seen == [("1", 1), ("2", 2)]
        first, second = utterance.segments
        assert utterance.seconds == pytest.approx(63.0)
        assert "3 characters" in utterance.summary
    assert first.start_s == 0.0
    assert second.start_s == pytest.approx(60.5, abs=0.1)
    assert second.end_s == pytest.approx(63.0, abs=0.1)
    assert first.words[0].end_s == first.end_s
    assert (second.language, second.confidence) == ("de", FIGURES)
    assert engine.requests[1].language == "de"


def test_times_count_from_the_start_of_the_utterance() -> None:
    words = (TimedWord("Hi,", 0.1, 0.4), TimedWord("Anna.", 0.4, 9.0))
    later = segment_of(SpeechSpan(16_000, 32_000), Transcription("Hi, Anna.", "en", words))
    assert [word.start_s for word in later.words] == pytest.approx([1.1, 1.4])
    assert [word.end_s for word in later.words] == pytest.approx([1.4, 2.0])
    assert (later.start_s, later.end_s) == pytest.approx((1.1, 2.0))
    lead_in_s = LEAD_IN_MS / 1000
    at_once = segment_of(SpeechSpan(0, 16_000), Transcription("Hi, Anna.", "en", words))
    assert at_once.words[0].start_s == 0.0
    assert at_once.words[0].end_s == pytest.approx(0.4 - lead_in_s)


def test_segment_without_word_times() -> None:
    found = segment_of(SpeechSpan(8_000, 24_000), Transcription("Hi.", "en"))
    assert found == TranscriptSegment(0.5, 1.5, "Hi.", "en")


def test_joined_segments() -> None:
    parts = [TranscriptSegment(0, 1, "", None), TranscriptSegment(1, 2, "Ja.", "de")]
    assert join_segments(parts) == Transcription("Ja.", "de")


async def test_request_replaces_what_the_settings_say(engine: NumberedRecognizer) -> None:
    async with serving(engine) as service:
        plain = service.resolve(UtteranceRequest()).request
        asked = service.resolve(
            UtteranceRequest(task="translate", prompt=" Rooms. ", languages=("de-AT", "jv", "de"))
        ).request
        long = service.resolve(UtteranceRequest(prompt="x" * 9999 + "y")).request
        with pytest.raises(UnknownLanguage, match=r"'fr'"):
            service.resolve(UtteranceRequest(languages=("de", "fr")))
    assert (plain.task, plain.initial_prompt, plain.word_times) == (
        "transcribe",
        "The lights.",
        False,
    )
    assert (asked.task, asked.initial_prompt) == ("translate", "Rooms.")
    assert (asked.language, asked.candidate_languages) == (None, ("de", "jw"))
    assert long.initial_prompt is not None
    assert len(long.initial_prompt) == MAX_PROMPT_CHARACTERS
    assert long.initial_prompt.endswith("y")


async def test_candidates_of_a_request_replace_the_language_of_the_settings(
    engine: NumberedRecognizer,
) -> None:
    options = replace(OPTIONS, language="en", household=("en",))
    async with serving(engine, options) as service:
        request = service.resolve(UtteranceRequest(languages=("de",))).request
    assert (request.language, request.candidate_languages) == (None, ("de",))


async def test_partial_text_has_no_word_times(
    engine: NumberedRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wyoming_voice_stack.asr.utterance.MAX_AHEAD_S", float("inf"))
    async with serving(engine) as service:
        worker = service.resolve(UtteranceRequest()).worker
        await eventually(lambda: worker.engine is not None and worker._queue.idle)
        utterance = service.open_utterance(UtteranceRequest(word_times=True))
        await utterance.push(PCM, pcm(1.9))
        await eventually(lambda: len(engine.requests) == 1)
        await utterance.finish()
    assert [(one.partial, one.word_times) for one in engine.requests] == [
        (True, False),
        (False, True),
    ]
