"""What a transcription looks like in each `response_format`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.asr.engine import Confidence, Task, TimedWord
from wyoming_voice_stack.asr.segments import TranscriptSegment, join_segments
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.text.subtitle_formats import Subtitle, as_srt, as_vtt
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.http.api.language_names import language_name
from wyoming_voice_stack.http.api.transcription.transcription_fields import (
    AnswerFormat,
    TranscriptionFields,
)

MAX_SUBTITLE_S = 6.0
MAX_SUBTITLE_CHARACTERS = 84
"""Two lines."""
SUBTITLE_PAUSE_S = 1.0
"""A pause between words at which a subtitle ends."""
UNDETERMINED = "und"
"""ISO 639's code for a language that is not known."""
JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain"

_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…")  # noqa: RUF001 - Chinese punctuation
_NO_CONFIDENCE = Confidence(0.0, 0.0, 0.0)
_TASKS: dict[Task, str] = {"transcribe": "transcribe", "translate": "translate"}


@dataclass(frozen=True)
class Transcript:
    """All segments of a file with text, and what is known about it."""

    segments: tuple[TranscriptSegment, ...]
    seconds: float
    """Duration of the file."""
    task: Task

    @property
    def text(self) -> str:
        """The whole text; empty if there was no speech."""
        return join_segments(self.segments).text if self.segments else ""

    @property
    def language(self) -> str | None:
        """Whisper's code; None without text."""
        return join_segments(self.segments).language if self.segments else None


def content_type(form: AnswerFormat) -> str:
    """Return the type of the body in a format."""
    return JSON_TYPE if form in {AnswerFormat.JSON, AnswerFormat.VERBOSE_JSON} else TEXT_TYPE


def body_of(transcript: Transcript, fields: TranscriptionFields) -> str:
    """Return the body of the answer."""
    if fields.format is AnswerFormat.TEXT:
        return f"{transcript.text}\n"
    if fields.format is AnswerFormat.SRT:
        return f"{as_srt(subtitles_of(transcript.segments))}\n"
    if fields.format is AnswerFormat.VTT:
        return f"{as_vtt(subtitles_of(transcript.segments))}\n"
    content: dict[str, Any] = {"text": transcript.text, "usage": usage_of(transcript)}
    if fields.format is AnswerFormat.VERBOSE_JSON:
        content |= _details(transcript, fields)
    elif transcript.language is not None:
        content["languages"] = [{"code": to_tag(transcript.language)}]
    return json.dumps(content, ensure_ascii=False)


def usage_of(transcript: Transcript) -> dict[str, Any]:
    """Return what the request is billed by."""
    return {"type": "duration", "seconds": round(transcript.seconds, 2)}


def _details(transcript: Transcript, fields: TranscriptionFields) -> dict[str, Any]:
    language = transcript.language
    details: dict[str, Any] = {
        "task": _TASKS[transcript.task],
        "language": language_name(language) if language else (fields.language or UNDETERMINED),
        "duration": round(transcript.seconds, 2),
        "segments": [_segment(number, one) for number, one in enumerate(transcript.segments)],
    }
    if fields.words:
        details["words"] = [
            {"word": _bare(word.text), "start": round(word.start_s, 2), "end": round(word.end_s, 2)}
            for segment in transcript.segments
            for word in segment.words
        ]
    return details


def _segment(number: int, segment: TranscriptSegment) -> dict[str, Any]:
    confidence = segment.confidence or _NO_CONFIDENCE
    return {
        "id": number,
        "seek": round(segment.start_s * 100),
        "start": round(segment.start_s, 2),
        "end": round(segment.end_s, 2),
        "text": segment.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round(confidence.avg_logprob, 4),
        "compression_ratio": round(confidence.compression_ratio, 4),
        "no_speech_prob": round(confidence.no_speech_prob, 4),
    }


def _bare(word: str) -> str:
    """Return a word without the punctuation around it, as OpenAI's words are."""
    first = next((place for place, one in enumerate(word) if one.isalnum()), 0)
    last = next((place for place, one in enumerate(reversed(word)) if one.isalnum()), 0)
    return word[first : len(word) - last]


def subtitles_of(segments: Sequence[TranscriptSegment]) -> list[Subtitle]:
    """Divide segments into subtitles: at the ends of sentences, at pauses, and where they are too long."""
    return [subtitle for segment in segments for subtitle in _divided(segment)]


def _divided(segment: TranscriptSegment) -> Iterator[Subtitle]:
    if not segment.words:
        yield Subtitle(segment.start_s, segment.end_s, segment.text)
        return
    shown: list[TimedWord] = []
    for word in segment.words:
        if shown and _ends_before(word, shown):
            yield _subtitle(shown, segment.language)
            shown = []
        shown.append(word)
    yield _subtitle(shown, segment.language)


def _ends_before(word: TimedWord, shown: Sequence[TimedWord]) -> bool:
    length = sum(len(one.text) + 1 for one in shown) + len(word.text)
    return (
        shown[-1].text.endswith(_SENTENCE_ENDS)
        or word.start_s - shown[-1].end_s >= SUBTITLE_PAUSE_S
        or word.end_s - shown[0].start_s > MAX_SUBTITLE_S
        or length > MAX_SUBTITLE_CHARACTERS
    )


def _subtitle(words: Sequence[TimedWord], language: str | None) -> Subtitle:
    return Subtitle(
        words[0].start_s, words[-1].end_s, join_texts([one.text for one in words], language)
    )
