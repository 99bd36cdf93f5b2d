"""The loop of the daemon: when a check is due (APScheduler), the gate, a full check where it opens.

A check runs as a child in a process group of its own, which a hang cannot outlive; not by `system.process.output_of`,
which reads an answer and cannot be told by another thread to end.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from alerts.timefmt import moment, span
from monitor.check import gate as checkpoint
from monitor.check import outputs
from monitor.config.settings import Settings, check_killed
from monitor.serve.daemon_metrics import Counters
from monitor.serve.live_settings import LiveSettings
from monitor.system.files import why
from monitor.system.host import stamp
from monitor.system.process import end_group


class Child:
    """Runs one check at a time; `stop` ends the one that runs, and no other is started."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def run(self, command: Sequence[str], limit: float, text: str | None = None) -> int | None:
        """The exit code of a check that is given `text` to read; None if it was killed after `limit` seconds.

        Raises OSError if it cannot start.
        """
        with self._lock:
            if self.stopped:
                return None
            self._process = process = subprocess.Popen(
                list(command),
                env=self.environ,
                stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # what it found lies in the state folder; errors are on stderr
                start_new_session=True,
            )
        try:
            process.communicate(None if text is None else text.encode(), limit)
            return process.returncode
        except subprocess.TimeoutExpired:
            end_group(process, signal.SIGKILL)
            process.wait()
            return None

    def stop(self, patience: float) -> None:
        """Asks a running check to end, and kills its group after `patience` seconds."""
        with self._lock:
            self.stopped, process = True, self._process
        if process is None or process.poll() is not None:
            return
        end_group(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            end_group(process, signal.SIGKILL)


#: A wall clock that moved this much against the monotonic one was set, or the machine slept.
STEP: Final = timedelta(seconds=2)


class CheckSchedule:
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
        """Makes the next check due in `delay`, instead of what was armed before."""
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


LOOK_EVERY: Final = timedelta(seconds=30)


class TouchWatch:
    """Watches the touches of the checkpoint in `gate`.

    A store that its program writes all day would have every look find a change: after one that led to a check
    without news the next comes twice as late, up to `interval`; news brings it back to every look.
    """

    def __init__(self, gate: Path, steady: Callable[[], float] = time.monotonic) -> None:
        self._gate, self._steady = gate, steady
        self._pause, self._rests_until = timedelta(), 0.0
        self._remember()

    def changed(self) -> bool:
        """Whether a check could see something else than the last one; False where nothing can be compared."""
        if self._steady() < self._rests_until:
            return False
        had = self._own
        if stamp(self._gate / checkpoint.NAME) != had:
            self._remember()
        removed = had is not None and self._own is None  # somebody acknowledged, silenced, ignored or forgot
        return removed or self._young or not checkpoint.unchanged(str(self._gate), self._touches)

    def checked(self, news: bool, interval: timedelta) -> None:
        """A check has ended; `news` tells whether it found any, where a change had led to it."""
        self._remember()
        self._pause = timedelta() if news else min(max(2 * self._pause, LOOK_EVERY), interval)
        self._rests_until = self._steady() + self._pause.total_seconds()

    def _remember(self) -> None:
        self._own = stamp(self._gate / checkpoint.NAME)
        point = checkpoint.read(str(self._gate))
        self._touches = point.touches if point else []
        # It rests on a file that changed during the look, which may hold more than was seen, or on what may hang.
        self._young = point is not None and (not point.trusted or point.due <= point.looked_at)


#: What the exit codes of a check say (the contract's).
FINDINGS: Final = {1: "a login needs you now", 2: "a login needs you soon", 3: "something could not be read"}
FINE: Final = "nothing to do"


def limit(settings: Settings) -> timedelta:
    """How long a check may take before it is killed: it ends itself before, only a hung one needs that."""
    return check_killed(settings.alerts.deadline)


class CheckLoop:
    """Works in a thread of its own, which a hung file system may hold without holding the daemon.

    `command` is the argv of one check as the settings in force ask for it; `may_stop` is the gate for it: True when
    the present look would find nothing new (it then has noted that success). `notify` takes sd_notify states, `ready`
    says that the config is read, `log` takes a line for people. `look_every` is how often stores, config and clock
    are looked at between checks.
    """

    def __init__(
        self,
        current: LiveSettings,
        place: outputs.StateFolders,
        child: Child,
        counters: Counters,
        *,
        command: Callable[[], Sequence[str]],
        may_stop: Callable[[Sequence[str]], bool],
        notify: Callable[..., None],
        ready: Callable[[], None],
        log: Callable[[str], None],
        look_every: timedelta,
    ) -> None:
        self._current, self._record, self._state = current, place.state / outputs.RECORD, place.state
        self._child, self._counters = child, counters
        self._command, self._may_stop = command, may_stop
        self._notify, self._ready, self._log = notify, ready, log
        self._look_every = look_every
        self._due, self._reload = threading.Event(), threading.Event()
        self._counted = stamp(self._record)
        self._touched = TouchWatch(place.gate)
        self.schedule = CheckSchedule(self._due.set)

    def reload(self) -> None:
        """Makes the config be read again, and a check follow."""
        self._reload.set()
        self._due.set()

    def work(self) -> None:
        """Rounds for ever, the first at once."""
        self._due.set()
        while True:
            due = self._due.wait(self._look_every.total_seconds())
            if self.schedule.stepped():
                self._log("the clock was set or the machine slept: checking again")
                due = True
            if self._reload.is_set() or self._current.stale():
                self._read_config()
                due = True
            if due or self._touched.changed():
                self._due.clear()
                self._round(asked=due)

    def _round(self, *, asked: bool) -> None:
        """One check, `asked` for by the clock or a person, else by a change; then the next moment is armed."""
        began, before = time.monotonic(), stamp(self._record)
        result = self._recorded("ok") if self._gate() else self._full_check()
        self._touched.checked(asked or stamp(self._record) != before, self._current.settings.interval)
        self._counters.checked(result or "failed")
        self._count_deliveries()
        self.schedule.arm(self._current.settings.interval - timedelta(seconds=time.monotonic() - began))
        self._notify(f"STATUS={self._said(result)}", *(["WATCHDOG=1"] if result else []))

    def _said(self, result: str | None) -> str:
        """How things are, in one line for `systemctl status`."""
        record = outputs.last_check(self._state)
        found = {None: "the last check hung and was killed", "failed": "the last check failed"}.get(result, FINE)
        if result == "findings":
            found = FINDINGS.get(record.code if record else 3, FINE)
        settings = self._current.settings
        at = moment(datetime.now(UTC), zone=settings.timezone)
        wrong = "" if self._current.good else "; the config has an error, the previous one is in use"
        return f"{found}; last checked {at}, checking every {span(settings.interval)}{wrong}"

    def _read_config(self) -> None:
        self._reload.clear()
        self._notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self._current.reload()
        good, settings = self._current.good, self._current.settings
        self._counters.configured([channel.label for channel in settings.channels], good=good)
        self._log(
            "config reloaded" if good else f"config not reloaded, the previous one is in use: {self._current.wrong}"
        )
        self._ready()

    def _gate(self) -> bool:
        try:
            return self._may_stop(self._command())
        except Exception as error:  # noqa: BLE001 - a fault of the short way must not cost the long one
            self._log(f"the quick check failed ({type(error).__name__}); running a full one")
            return False

    def _full_check(self) -> str | None:
        """The result of one full check; None if it had to be killed."""
        before = stamp(self._record)
        patience = limit(self._current.settings)
        try:
            code = self._child.run(self._command(), patience.total_seconds(), self._current.kept)
        except OSError as error:
            self._log(f"the check could not be started: {why(error)}")
            return "failed"
        if self._child.stopped:
            return "failed"
        if code is None:
            self._log(f"the check hung and was killed after {span(patience)}")
            return None
        if code not in (0, *FINDINGS):
            self._log(f"the check failed with exit code {code}")
            return "failed"
        said = "findings" if code else "ok"
        return said if stamp(self._record) == before else self._recorded(said)

    def _recorded(self, default: str) -> str:
        record = outputs.last_check(self._state)
        return record.result if record else default

    def _count_deliveries(self) -> None:
        now = stamp(self._record)
        record = outputs.last_check(self._state) if now != self._counted else None
        if record:
            self._counters.told(record.deliveries)
        self._counted = now
