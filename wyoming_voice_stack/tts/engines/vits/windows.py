"""Windows: the frames of a sentence that are decoded in one step."""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField


@dataclass(frozen=True)
class Window:
    """Frames `start` to `stop` of a sentence, `stop` excluded."""

    start: int
    stop: int

    def with_context(self, field: ReceptiveField, frames: int) -> Window:
        """The window and the frames that its result depends on, in a sentence of `frames` frames."""
        return Window(max(0, self.start - field.left), min(frames, self.stop + field.right))

    def positions_in(self, wider: Window, hop: int) -> slice:
        """Where the result of this window is in the result of `wider`, at `hop` positions a frame."""
        return slice((self.start - wider.start) * hop, (self.stop - wider.start) * hop)


def next_window(start: int, frames: int, wanted: float, shortest: float) -> Window:
    """About `wanted` frames from `start` on, in a sentence of `frames` frames.

    A remainder shorter than `shortest` is included, because it is not worth a step of its own.
    """
    stop = start + max(1, round(wanted))
    return Window(start, frames if frames - stop < shortest else stop)
