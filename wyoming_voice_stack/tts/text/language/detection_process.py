"""The language detection process: JSON lines on standard input and output.

It exits when its standard input closes, and so when the server exits, even by a crash.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import lru_cache

from wyoming_voice_stack.tts.text.language.detector import LanguageDetector

NICENESS = 10
MAX_DETECTORS = 4
"""Detectors that are kept, one for each set of languages; the models are shared by all."""


def main() -> None:
    """Answer `{"text": …, "languages": […]}` with `{"language": …}` until the input ends."""
    # Loading must not slow down the loading of the voice, which a user may be waiting for.
    os.nice(NICENESS)
    # Signals to the process group are handled by the server.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        found = _detector(tuple(asked["languages"])).detect(asked["text"])
        sys.stdout.write(json.dumps({"language": found}) + "\n")
        sys.stdout.flush()


@lru_cache(maxsize=MAX_DETECTORS)
def _detector(languages: tuple[str, ...]) -> LanguageDetector:
    detector = LanguageDetector(languages)
    detector.preload()
    return detector


if __name__ == "__main__":
    main()
