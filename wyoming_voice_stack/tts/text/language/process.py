"""The process in which languages are detected: lines of JSON in, lines of JSON out.

It ends with its standard input, and so with the server, however that ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import cache

from wyoming_voice_stack.tts.text.language.detector import LanguageDetector

NICENESS = 10


def main() -> None:
    """Answer `{"text": …, "languages": […]}` with `{"language": …}` until the input ends."""
    # Its loading competes with that of the voice, which somebody waits for.
    os.nice(NICENESS)
    # A signal to the whole group is for the server to act on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        found = _detector(tuple(asked["languages"])).detect(asked["text"])
        sys.stdout.write(json.dumps({"language": found}) + "\n")
        sys.stdout.flush()


@cache
def _detector(languages: tuple[str, ...]) -> LanguageDetector:
    detector = LanguageDetector(languages)
    detector.preload()
    return detector


if __name__ == "__main__":
    main()
