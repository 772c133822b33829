"""Text normalization: times, dates, amounts, addresses and symbols rewritten as words.

Every number is written out. Engines read digits by rules of their own, which differ: XTTS reads
German `42.` as an ordinal, and models with a letters-only vocabulary drop digits. All of them read
words alike.
"""

from wyoming_voice_stack.tts.normalization.pipeline import normalize

__all__ = ["normalize"]
