"""Whether something that the last pass rests on has changed since, by stat alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor import checkpoint
from monitor.host import stamp

LOOK_EVERY: Final = timedelta(seconds=30)


class Touched:
    """Watches the touches of the checkpoint in `gate`.

    A store that its program writes all day would have every look find a change: after one that led to a pass
    without news the next comes twice as late, up to `interval`; news brings it back to every look.
    """

    def __init__(self, gate: Path, steady: Callable[[], float] = time.monotonic) -> None:
        self._gate, self._steady = gate, steady
        self._pause, self._rests_until = timedelta(), 0.0
        self._remember()

    def changed(self) -> bool:
        """Whether a pass could see something else than the last one; False where nothing can be compared."""
        if self._steady() < self._rests_until:
            return False
        had = self._own
        if stamp(self._gate / checkpoint.NAME) != had:
            self._remember()
        removed = had is not None and self._own is None  # somebody acknowledged, silenced, ignored or forgot
        return removed or self._young or not checkpoint.unchanged(str(self._gate), self._touches)

    def passed(self, news: bool, interval: timedelta) -> None:
        """A pass has ended; `news` tells whether it found any, where a change had led to it."""
        self._remember()
        self._pause = timedelta() if news else min(max(2 * self._pause, LOOK_EVERY), interval)
        self._rests_until = self._steady() + self._pause.total_seconds()

    def _remember(self) -> None:
        self._own = stamp(self._gate / checkpoint.NAME)
        point = checkpoint.read(str(self._gate))
        self._touches = point.touches if point else []
        # It rests on a file that changed during the look, which may hold more than was seen, or on what may hang.
        self._young = point is not None and (not point.trusted or point.due <= point.looked_at)
