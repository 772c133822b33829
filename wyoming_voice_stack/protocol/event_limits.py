"""The limits of the events that a server reads, by type. What no server answers is skipped unread."""

from __future__ import annotations

from types import MappingProxyType

from wyoming_voice_stack.protocol.framing import DataLimits, FrameLimits

NAMES = DataLimits(256 * 1024, 20_000)
"""`transcribe`: names of a household; two thousand entities with aliases need half of it."""
TEXT = DataLimits(1024 * 1024, 1000)
"""Text to speak: the longest text that a setting allows by default, each character escaped."""
SMALL = DataLimits(16 * 1024, 1000)
"""Events with a few short fields."""

SERVER_FRAMES = FrameLimits(
    data=DataLimits(1024 * 1024, 20_000),
    data_by_type=MappingProxyType(
        {
            "describe": SMALL,
            "ping": SMALL,
            "select-program": SMALL,
            "transcribe": NAMES,
            "audio-start": SMALL,
            "audio-chunk": SMALL,
            "audio-stop": SMALL,
            "synthesize": TEXT,
            "synthesize-start": SMALL,
            "synthesize-chunk": TEXT,
            "synthesize-stop": SMALL,
        }
    ),
    skip_other_types=True,
)
"""What a server accepts: the content of any other event is discarded as it arrives."""
