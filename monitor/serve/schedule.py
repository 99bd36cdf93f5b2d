"""When the next pass is due: APScheduler, with a guard against clocks that jump."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

#: A wall clock that moved this much against the monotonic one was set, or the machine slept.
STEP: Final = timedelta(seconds=2)


class Schedule:
    """Calls `due` at one moment at a time; whoever does the work arms the next.

    An interval trigger would stand still after a step back of the clock and list every missed run after a step
    forward (agronholm/apscheduler#351, #752); a single moment can do neither.
    """

    def __init__(
        self,
        due: Callable[[], object],
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._due, self._wall, self._steady = due, wall, steady
        self._offset = wall() - steady()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.start()

    def arm(self, delay: timedelta) -> None:
        """Makes the next pass due in `delay`, instead of what was armed before."""
        self._scheduler.add_job(
            self._due,
            DateTrigger(datetime.now(UTC) + max(delay, timedelta()), timezone=UTC),
            id="pass",
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
        )

    def stepped(self) -> bool:
        """Whether the clock was set or the machine slept since the last call; what was armed is then void."""
        offset = self._wall() - self._steady()
        moved = abs(offset - self._offset) > STEP.total_seconds()
        self._offset = offset
        return moved
