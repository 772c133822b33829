"""The parts of a transcribed utterance, with their times in its audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Confidence,
    SpeechSpan,
    TimedWord,
    Transcription,
)
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.vad.segmenter import lead_in_samples


@dataclass(frozen=True)
class TranscriptSegment:
    """The text of one span of speech; times are in seconds from the start of the utterance."""

    start_s: float
    end_s: float
    text: str
    language: str | None = None
    """Whisper's code."""
    words: tuple[TimedWord, ...] = ()
    """With times, if the request asked for them."""
    confidence: Confidence | None = None


def segment_of(span: SpeechSpan, transcription: Transcription) -> TranscriptSegment:
    """Return the segment of a span whose text is there."""
    begin_s = (span.start - lead_in_samples(span)) / SAMPLE_RATE
    start_s, end_s = span.start / SAMPLE_RATE, span.stop / SAMPLE_RATE
    words = tuple(
        TimedWord(
            word.text,
            min(max(begin_s + word.start_s, start_s), end_s),
            min(max(begin_s + word.end_s, start_s), end_s),
        )
        for word in transcription.words
    )
    return TranscriptSegment(
        words[0].start_s if words else start_s,
        words[-1].end_s if words else end_s,
        transcription.text,
        transcription.language,
        words,
        transcription.confidence,
    )


def join_segments(segments: Sequence[Transcription | TranscriptSegment]) -> Transcription:
    """Join the texts of successive segments; the language is that of the first one with text."""
    with_text = [one for one in segments if one.text]
    language = (with_text or segments)[0].language
    return Transcription(join_texts([one.text for one in segments], language), language)
