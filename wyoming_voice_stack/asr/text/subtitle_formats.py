"""Writes subtitles in the SubRip and WebVTT formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Subtitle(NamedTuple):
    """A text, and when it is shown, in seconds."""

    start_s: float
    end_s: float
    text: str


def as_srt(subtitles: Sequence[Subtitle]) -> str:
    """Return SubRip: number, times and text; subtitles without text are left out."""
    return "\n\n".join(
        f"{number}\n{_time(one.start_s, ',')} --> {_time(one.end_s, ',')}\n{one.text.strip()}"
        for number, one in enumerate(_with_text(subtitles), start=1)
    )


def as_vtt(subtitles: Sequence[Subtitle]) -> str:
    """Return WebVTT: times and text; subtitles without text are left out."""
    cues = (
        f"{_time(one.start_s, '.')} --> {_time(one.end_s, '.')}\n{_escaped(one.text.strip())}"
        for one in _with_text(subtitles)
    )
    return "\n\n".join(["WEBVTT", *cues])


def _with_text(subtitles: Sequence[Subtitle]) -> list[Subtitle]:
    return [one for one in subtitles if one.text.strip()]


def _escaped(text: str) -> str:
    """Escape what WebVTT reads as a tag."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, separator: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{separator}{milliseconds:03d}"
