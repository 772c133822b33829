"""What is written, as a person would say it: times, dates, amounts, addresses and signs in words.

Numbers are always written out. Engines read digits by rules of their own, which differ (XTTS takes
German `42.` for an ordinal, models that know letters only drop digits), and words they all read
alike.
"""

from wyoming_voice_stack.tts.normalization.pipeline import spoken

__all__ = ["spoken"]
