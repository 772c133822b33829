"""Subtitles and words of a transcription."""

from __future__ import annotations

import json

import pytest

from wyoming_voice_stack.asr.engine import TimedWord
from wyoming_voice_stack.asr.segments import TranscriptSegment
from wyoming_voice_stack.asr.text.subtitle_formats import Subtitle, as_srt, as_vtt
from wyoming_voice_stack.http.api.transcription.transcription_answers import (
    MAX_SUBTITLE_CHARACTERS,
    MAX_SUBTITLE_S,
    SUBTITLE_PAUSE_S,
    Transcript,
    body_of,
    subtitles_of,
)
from wyoming_voice_stack.http.api.transcription.transcription_fields import (
    AnswerFormat,
    TranscriptionFields,
)


def segment(
    text: str, each_s: float = 0.3, begin_s: float = 0.0, language: str = "en"
) -> TranscriptSegment:
    words = tuple(
        TimedWord(word, begin_s + each_s * number, begin_s + each_s * (number + 1))
        for number, word in enumerate(text.split())
    )
    return TranscriptSegment(begin_s, words[-1].end_s, text, language, words)


def test_a_sentence_ends_a_subtitle() -> None:
    found = subtitles_of([segment("Hi there. How are you?")])
    assert [one.text for one in found] == ["Hi there.", "How are you?"]
    assert found[0].end_s == found[1].start_s == pytest.approx(0.6)


def test_a_long_sentence_is_divided() -> None:
    slow = subtitles_of([segment("one " * 40, each_s=1.0)])
    assert len(slow) == 7
    assert all(one.end_s - one.start_s <= MAX_SUBTITLE_S for one in slow)
    fast = subtitles_of([segment("sesquipedalian " * 20, each_s=0.1)])
    assert all(len(one.text) <= MAX_SUBTITLE_CHARACTERS for one in fast)
    assert " ".join(one.text for one in fast) == ("sesquipedalian " * 20).strip()


def test_a_pause_ends_a_subtitle() -> None:
    words = (TimedWord("Well", 0.0, 0.4), TimedWord("then", 0.5 + SUBTITLE_PAUSE_S, 2.0))
    found = subtitles_of([TranscriptSegment(0.0, 2.0, "Well then", "en", words)])
    assert [one.text for one in found] == ["Well", "then"]


def test_a_segment_without_words_is_one_subtitle() -> None:
    [found] = subtitles_of([TranscriptSegment(1.0, 9.0, "Hi. You.", "en")])
    assert found == Subtitle(1.0, 9.0, "Hi. You.")


def test_a_language_without_spaces_is_joined_without_them() -> None:
    found = subtitles_of([segment("你 好。 再 见。", language="zh")])
    assert [one.text for one in found] == ["你好。", "再见。"]


def test_formats() -> None:
    shown = [
        Subtitle(0.0, 1.5, " Hi. "),
        Subtitle(1.5, 2.0, " "),
        Subtitle(3661.25, 3662.0, "a<b>&"),
    ]
    assert as_srt(shown) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHi.\n\n2\n01:01:01,250 --> 01:01:02,000\na<b>&"
    )
    assert as_vtt(shown) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHi.\n\n"
        "01:01:01.250 --> 01:01:02.000\na&lt;b&gt;&amp;"
    )
    assert (as_srt([]), as_vtt([])) == ("", "WEBVTT")


def test_words_have_no_punctuation_around_them() -> None:
    verbose = TranscriptionFields(format=AnswerFormat.VERBOSE_JSON, words=True)
    transcript = Transcript((segment('"Don\'t," he said… - 5%'),), 2.0, "transcribe")
    words = [one["word"] for one in json.loads(body_of(transcript, verbose))["words"]]
    assert words == ["Don't", "he", "said", "-", "5"]


@pytest.mark.parametrize(("asked", "shown"), [(None, "und"), ("de", "de")])
def test_language_of_silence(asked: str | None, shown: str) -> None:
    verbose = TranscriptionFields(format=AnswerFormat.VERBOSE_JSON, language=asked)
    found = json.loads(body_of(Transcript((), 1.0, "transcribe"), verbose))
    assert (found["text"], found["segments"], found["language"]) == ("", [], shown)
