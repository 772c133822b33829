"""Frames of a sentence that are decoded at once."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField


@dataclass(frozen=True)
class Window:
    """Frames `start` to `stop` of a sentence, the latter not included."""

    start: int
    stop: int

    def around(self, reach: ReceptiveField, frames: int) -> Window:
        """The frames that must be decoded for these, of `frames` in all."""
        return Window(max(0, self.start - reach.left), min(frames, self.stop + reach.right))

    def positions_in(self, wider: Window, hop: int) -> slice:
        """Where what these frames become is, within what `wider` becomes."""
        return slice((self.start - wider.start) * hop, (self.stop - wider.start) * hop)


def next_window(start: int, frames: int, wanted: float, shortest: float) -> Window:
    """From `start` on about as many frames as wanted, of a sentence that has `frames` in all.

    A rest that is shorter than the `shortest` is not worth a turn of its own.
    """
    stop = start + max(1, round(wanted))
    return Window(start, frames if frames - stop < shortest else stop)
