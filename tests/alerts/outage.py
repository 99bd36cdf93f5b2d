"""One outage of one channel after a seeded schedule, and what the guarantees say about it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.model import Channel, Condition, Level, Reason
from tests.alerts.drive import INTERVAL, Drive, down
from tests.alerts.world import DAY, HOUR, MINUTE, START, Fate, Heard, login

SPANS = {"1 min": MINUTE, "1 h": HOUR, "24 h": DAY, "7 d": 7 * DAY}
KEYS = ("a", "b", "c")
PHONE = Channel("phone", Level.SOON, address="phone")
MAIL = Channel("mail", Level.SOON, address="mail")
DEAD = "channel/mail"

#: How a line is out of order, and the longest wait before the next try.
FAULTS = {Fate.REFUSED: 15 * MINUTE, Fate.LIMITED: 20 * MINUTE, Fate.LOST_LATE: 6 * HOUR}
LEVELS = ((Level.SOON, 7 * DAY), (Level.SOON, 3 * DAY), (Level.SOON, DAY), (Level.NOW, None), (Level.FINE, None))


@dataclass
class Tale:
    """What a schedule came to: how long after its return the channel knew everything, and what went wrong."""

    span: timedelta
    fault: Fate
    lag: timedelta = timedelta()
    step: timedelta = timedelta()
    missed: int = 0
    dead_told: bool = False
    faults: list[str] = field(default_factory=list)


def tale(seed: int, span: timedelta) -> Tale:
    """Plays a schedule with and without the outage."""
    chance = random.Random(f"{seed}/{span}")
    fault = chance.choice(list(FAULTS))
    begin = START + timedelta(seconds=chance.randrange(2 * 86_400))
    changes = sorted(_changes(chance, begin, span), key=lambda one: one[0])
    notified = Tale(span, fault, step=FAULTS[fault])
    broken = _play(changes, begin, span, fault, notified)
    healthy = _play(changes, begin, span, None, Tale(span, fault))
    notified.faults += _rhythm(broken, healthy)
    return notified


def _changes(chance: random.Random, begin: datetime, span: timedelta) -> Iterator[tuple[datetime, Condition]]:
    """Levels of three logins over the days before, during and after, most of them while the line is down."""
    generation = dict.fromkeys(KEYS, 0)
    for key in KEYS:
        for _ in range(chance.randrange(1, 6)):
            at = begin + chance.choice([-DAY, 0 * DAY, span, span * 0.5]) * chance.random()
            level, step = chance.choice(LEVELS)
            generation[key] += level is Level.FINE and chance.random() < 0.5
            new = login(generation[key])
            yield at, Condition(key, level, {}, step=step, login=new, doubt=level.rank > 0 and chance.random() < 0.2)


def _play(changes: list, begin: datetime, span: timedelta, fault: Fate | None, notified: Tale) -> Drive:
    drive = Drive((PHONE, MAIL), retry_after=20 * MINUTE)
    end = begin + span
    if fault:
        drive.lines["mail"] = down(begin, end, fault)
    watch = _Watch(drive, begin, end, notified)
    for at, condition in changes:
        drive.run_to(at, watch.look)
        drive.see(condition)
    drive.run_to(end + 3 * DAY, watch.look)
    if fault:
        watch.judge()
    return drive


@dataclass
class _Watch:
    """Looks at what the broken channel knows, pass by check."""

    drive: Drive
    begin: datetime
    end: datetime
    notified: Tale
    stuck_since: dict[str, datetime] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)

    def look(self) -> None:
        drive, now = self.drive, self.drive.now
        ignorant = drive.ignorant(MAIL, KEYS)
        if now < self.end:
            self.behind = ignorant
        elif ignorant & self.behind:
            self.notified.lag = max(self.notified.lag, now - self.end)
        tried = {key for key in KEYS if ("mail", key) in drive.memory.attempts}
        tried &= drive.ignorant(MAIL, KEYS, seen=False)
        self.stuck_since = {key: self.stuck_since.get(key, now) for key in tried}
        stuck = min(self.stuck_since.values(), default=now)
        if now - stuck >= DAY + INTERVAL and ("phone", DEAD) not in drive.minds:
            self.notified.faults.append(f"{now}: nobody knows that mail is dead since {stuck}")
        if now - self.end > self.notified.step + 2 * INTERVAL and ignorant:
            self.notified.faults.append(f"{now}: mail still does not know {sorted(ignorant)}")

    def judge(self) -> None:
        back = self.drive.heard("mail", self.end)
        self.notified.missed = len(self.behind)
        first = next((one.at for one in back), None)
        if self.behind and first and first - self.end > self.notified.step + INTERVAL:
            self.notified.faults.append(f"told {first - self.end} after its return")
        self.notified.faults += [f"twice: {one}" for one in _twice(back)]
        dead = [one for one in self.drive.heard("phone") if one.key == DEAD]
        self.notified.dead_told = bool(dead)
        if dead and dead[-1].reason is not Reason.RESOLVED:
            self.notified.faults.append("nobody said that mail works again")
        for one in dead:
            if one.reason is Reason.NEW and one.at - self._failing_since(one.at) < DAY:
                self.notified.faults.append(f"{one.at}: mail was called dead and had failed for less than a day")

    def _failing_since(self, moment: datetime) -> datetime:
        """The first failed send of the news that failed longest over mail, without a success, before a moment."""
        return min((self._failing(key, moment) for key in KEYS), default=moment)

    def _failing(self, key: str, moment: datetime) -> datetime:
        sent = [(at, fate) for at, *where, fate in self.drive.sent if where == ["mail", key] and at < moment]
        heard = max((at for at, fate in sent if fate.heard), default=START)
        return min((at for at, _ in sent if at > heard), default=moment)


def _twice(heard: list[Heard]) -> list[tuple]:
    items = Counter(
        (one.key, one.alert.since, one.alert.rank, str(one.reason), one.alert.at)
        for one in heard
        if one.reason is not Reason.REMINDER
    )
    return [one for one, times in items.items() if times > 1]


def _rhythm(broken: Drive, healthy: Drive) -> Iterator[str]:
    """The healthy channel hears the same at the same time; only reminders may go along with news of the dead one."""
    notified, usual = (
        [(one.at, one.key, one.reason) for one in drive.heard("phone") if one.key != DEAD]
        for drive in (broken, healthy)
    )
    if [one for one in notified if one[2] is not Reason.REMINDER] != [
        one for one in usual if one[2] is not Reason.REMINDER
    ]:
        yield f"phone heard {notified} instead of {usual}"
    reminders = [Counter(key for _, key, reason in some if reason is Reason.REMINDER) for some in (notified, usual)]
    if any(abs(reminders[0][key] - reminders[1][key]) > 1 for key in KEYS):
        yield f"phone was reminded {reminders[0]} instead of {reminders[1]}"
