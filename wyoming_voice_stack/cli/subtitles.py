"""Cuts a recording at its pauses, and writes the texts of the parts as SubRip subtitles.

The Wyoming protocol sends no times with a transcript, so every subtitle is a request of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.asr.text.subtitle_formats import Subtitle, as_srt
from wyoming_voice_stack.asr.vad.segmenter import speech_spans
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.audio import SPEECH_RATE, PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.cli.client import AudioClip

MAX_SUBTITLE_SECONDS = 6.0


@dataclass(frozen=True)
class SpokenPart:
    """A part of a recording with speech, and its place in seconds."""

    begin: float
    end: float
    recording: AudioClip


def spoken_parts(recording: AudioClip) -> list[SpokenPart]:
    """Return the parts with speech, each no longer than a subtitle is shown.

    Raises:
        ModelNotFound: no voice activity model is installed.
        UnsupportedAudio: rate, width or channels are outside the supported range.
    """
    vad = SileroVad.installed()
    decoder = SpeechDecoder(PcmFormat(recording.rate, recording.width, recording.channels))
    samples = np.concatenate((decoder.push(recording.pcm), decoder.finish()))
    return [
        SpokenPart(
            span.start / SPEECH_RATE,
            span.stop / SPEECH_RATE,
            AudioClip(SPEECH_RATE, 2, 1, to_pcm16(samples[span.start : span.stop])),
        )
        for span in speech_spans(samples, vad, MAX_SUBTITLE_SECONDS)
    ]


def numbered(cues: Sequence[tuple[SpokenPart, str]]) -> str:
    """Write subtitles with number, times and text; parts without text are left out."""
    return as_srt([Subtitle(part.begin, part.end, text) for part, text in cues])
