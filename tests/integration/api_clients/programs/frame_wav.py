"""Reads a streamed WAV file as wyoming-openai does."""

from __future__ import annotations

from pathlib import Path

from wyoming_openai.wav import TtsAudioFormat, WavFramer

from tests.integration.api_clients.programs.program import Found, main

PIECE_BYTES = 1000


def work(name: str) -> Found:
    framer = WavFramer(TtsAudioFormat(headerless=False, rate=0))
    data = Path(name).read_bytes()
    pcm = b"".join(
        framer.feed(data[start : start + PIECE_BYTES]) for start in range(0, len(data), PIECE_BYTES)
    )
    pcm += framer.finish()
    return {
        "rate": framer.rate,
        "width": framer.width,
        "bytes": len(pcm),
        "header_missing": framer.header_missing,
        "missing": framer.missing_bytes,
    }


if __name__ == "__main__":
    main(work)
