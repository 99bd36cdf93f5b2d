"""Round after round: the gate, a full pass where it opens, and what there is to say of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from monitor.config.settings import Settings
from monitor.host import stamp
from monitor.serve import left
from monitor.serve.child import Child
from monitor.serve.counters import Counters
from monitor.serve.schedule import Schedule

FINDINGS: Final = (1, 2, 3)
GRACE: Final = timedelta(seconds=10)  # a pass ends itself at its deadline; only a hung one needs killing


def limit(settings: Settings) -> timedelta:
    """How long a pass may take before it is killed."""
    return settings.alerts.deadline + GRACE


class Rounds:
    """Works in a thread of its own, which a hung file system may hold without holding the daemon.

    `notify` takes sd_notify states, `log` a line for people; `may_stop` is the gate.
    """

    def __init__(
        self,
        settings: Settings,
        state: Path,
        child: Child,
        counters: Counters,
        *,
        may_stop: Callable[[], bool],
        notify: Callable[..., None],
        log: Callable[[str], None],
    ) -> None:
        self._state, self._child, self._counters = state, child, counters
        self._may_stop, self._notify, self._log = may_stop, notify, log
        self._interval, self._limit = settings.interval, limit(settings)
        self._due = threading.Event()
        self._counted = stamp(state / left.RECORD)
        self.schedule = Schedule(self._due.set)

    def work(self) -> None:
        """Rounds for ever, the first at once."""
        self._due.set()
        while self._due.wait():
            self._due.clear()
            began = time.monotonic()
            self._round()
            self.schedule.arm(self._interval - timedelta(seconds=time.monotonic() - began))

    def _round(self) -> None:
        result = self._recorded("ok") if self._gate() else self._pass()
        self._counters.checked(result or "failed")
        self._count_deliveries()
        said = f"last pass {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {result or 'killed at its deadline'}"
        self._notify(f"STATUS={said}", *(["WATCHDOG=1"] if result else []))

    def _gate(self) -> bool:
        try:
            return self._may_stop()
        except Exception as error:  # noqa: BLE001 - a fault of the short way must not cost the long one
            self._log(f"the gate failed ({type(error).__name__}); looking in full")
            return False

    def _pass(self) -> str | None:
        """The result of one full pass; None if it had to be killed."""
        before = stamp(self._state / left.RECORD)
        try:
            code = self._child.run(self._limit.total_seconds())
        except OSError as error:
            self._log(f"the pass cannot be started: {(error.strerror or 'error').lower()}")
            return "failed"
        if self._child.stopped:
            return "failed"
        if code is None:
            self._log(f"the pass hung and was killed after {self._limit}")
            return None
        if code not in (0, *FINDINGS):
            self._log(f"the pass ended with {code}")
            return "failed"
        said = "findings" if code else "ok"
        return said if stamp(self._state / left.RECORD) == before else self._recorded(said)

    def _recorded(self, default: str) -> str:
        record = left.last_pass(self._state)
        return record.result if record else default

    def _count_deliveries(self) -> None:
        now = stamp(self._state / left.RECORD)
        record = left.last_pass(self._state) if now != self._counted else None
        if record:
            self._counters.told(record.deliveries)
        self._counted = now
