"""How long a piece of sound may be, for a machine as fast as it has shown itself to be.

A piece costs a fixed part and one that grows with its length, so long pieces are cheaper. But while
one is computed its own listener and all others go on playing what they have. So a piece is as long
as it can be without anybody running dry, and a first one as short as it can be.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

SHORTEST_S = 0.14
"""Of a piece. Less is hardly there sooner; up to 0.07 s of a sentence's first may be silence."""
LONGEST_S = 2.0
"""Of a piece: bounds the memory of a sentence, and how long a newcomer waits for its turn."""
LONGEST_IN_CROWD_S = 1.0
"""Of a piece that has to be long: where there are more listeners than the machine can serve."""
SEAM_S = 0.1
"""What a piece costs beside its sound, as if it had so much more of it: layers look around it."""
SILENT_S = 0.05
"""Of what was made, so much may not have been handed over: silence at the beginning, and the end of a
piece that waits for what follows."""
OWN_SHARE = 0.5
"""Of what a listener has in hand, so much may pass until its next piece is there."""
LAST_SHARE = 0.65
"""So much where that piece is the sentence's last one: a further one would cost a seam more. The rest is
for somebody who comes meanwhile."""
OTHERS_SHARE = 0.8
"""Of what others have in hand beyond what they need themselves, so much one piece may take."""
MARGIN = 1.25
"""A first piece lasts so much longer than it should take until the second one."""
MEMORY = 0.8
"""Share of what is known that each new measurement leaves."""
STARTING_SPEED = 5.0
"""Seconds of sound made in a second, until it has been measured."""

_STARTING_WORK_S = 0.1
_LEAST_WORK_S = 1e-6


class ChunkSizer:
    """Measures, and tells lengths of pieces in seconds of sound. May be used from any thread.

    Everything counts in time of the whole machine: what two compute side by side takes each of them
    half of the time that passes.
    """

    def __init__(self, at_once: int = 1) -> None:
        """Take how many pieces are computed side by side where there are as many who want one."""
        self._at_once = at_once
        self._lock = threading.Lock()
        self._sound_s = STARTING_SPEED * _STARTING_WORK_S
        self._work_s = _STARTING_WORK_S
        self._reading_s = 0.0

    @property
    def speed(self) -> float:
        """Seconds of sound, seams included, that the machine makes in a second."""
        with self._lock:
            return self._sound_s / self._work_s

    @property
    def reading_s(self) -> float:
        """What it takes to read a sentence, before any of it can be made."""
        with self._lock:
            return self._reading_s

    def read(self, took_s: float) -> None:
        """Take note of a sentence that was read."""
        with self._lock:
            known = self._reading_s or took_s
            self._reading_s = MEMORY * known + (1 - MEMORY) * took_s

    def made(self, sound_s: float, took_s: float) -> None:
        """Take note of a piece."""
        with self._lock:
            self._sound_s = MEMORY * self._sound_s + sound_s + SEAM_S
            self._work_s = MEMORY * self._work_s + max(took_s, _LEAST_WORK_S)

    def first_s(self, others_ahead_s: Sequence[float]) -> float:
        """Length of a listener's first piece.

        It lasts until all who have heard nothing have a first piece like it, those who began before
        have one more, and then this listener too. `others_ahead_s` is what each of the others who
        want sound has in hand, `-inf` if nothing came yet.
        """
        speed = self.speed
        newcomers = sum(map(math.isinf, others_ahead_s))
        served = len(others_ahead_s) - newcomers
        fixed_s = newcomers * (self.reading_s + SEAM_S / speed)
        fixed_s += (served + self._beside(others_ahead_s)) * self._cost_s(SHORTEST_S)
        share = 1 - MARGIN * newcomers / speed
        lasting_s = (MARGIN * fixed_s + SILENT_S) / share if share > 0 else LONGEST_IN_CROWD_S
        least_s = self._least_s(1 + len(others_ahead_s))
        return min(max(lasting_s, least_s), LONGEST_IN_CROWD_S)

    def next_s(
        self, ahead_s: float, others_ahead_s: Sequence[float], rest_s: float = math.inf
    ) -> float:
        """Length of the next piece of a listener who has so much in hand.

        `rest_s` is what its sentence has left. All of that is better said at once, if it can be.
        """
        last_s = self._affordable_s(LAST_SHARE, ahead_s, others_ahead_s)
        if rest_s <= last_s:
            return rest_s
        return self._affordable_s(OWN_SHARE, ahead_s, others_ahead_s)

    def _affordable_s(
        self, own_share: float, ahead_s: float, others_ahead_s: Sequence[float]
    ) -> float:
        share = min(own_share, OTHERS_SHARE / self._beside(others_ahead_s))
        budget_s = share * (ahead_s - SILENT_S)
        served = sorted(filter(math.isfinite, others_ahead_s))
        for before, other_s in enumerate(served, start=1):
            spare_s = other_s - before * self._cost_s(SHORTEST_S)
            budget_s = min(budget_s, OTHERS_SHARE * spare_s)
        affordable_s = budget_s * self.speed - SEAM_S
        return min(max(affordable_s, self._least_s(1 + len(others_ahead_s))), LONGEST_S)

    def _beside(self, others_ahead_s: Sequence[float]) -> int:
        """How many pieces share the machine while one is computed."""
        return min(self._at_once, 1 + len(others_ahead_s))

    def _cost_s(self, sound_s: float) -> float:
        return (sound_s + SEAM_S) / self.speed

    def _least_s(self, listeners: int) -> float:
        """With shorter pieces all round, seams would take more time than there is."""
        spare = self.speed - listeners
        lasting_s = MARGIN * listeners * SEAM_S / spare if spare > 0 else LONGEST_IN_CROWD_S
        return min(max(lasting_s, SHORTEST_S), LONGEST_IN_CROWD_S)
