"""Whether what was heard is what the world's script calls for: every death in time, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.model import Level, Reason
from tests.year.account import Account, Death
from tests.year.drive import INTERVAL, Heard
from tests.year.world import Copies, World

#: A check comes within an interval of what it can see first.
PASS = INTERVAL
SPOKEN = (Reason.NEW, Reason.WORSE, Reason.REMINDER)


@dataclass(frozen=True)
class Told:
    """What became of one death: when people were warned before it, and when they were told of it."""

    account: Account
    death: Death
    warned: datetime | None
    at: datetime | None

    @property
    def late(self) -> timedelta | None:
        return self.at - self.death.knowable if self.at else None


@dataclass
class Report:
    """A year in figures. `faults` names each broken promise."""

    world: World
    heard: Sequence[Heard]
    notified: list[Told] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def judged(world: World, heard: Sequence[Heard]) -> Report:
    """Compares what was heard with the script."""
    report = Report(world, heard)
    for one in world.accounts:
        keys = one.keys | {f"{key}/copies" for copies in world.copies for key in copies.keys if one.keys <= copies.keys}
        mine = [item for item in heard if item.key in keys]
        for death in one.deaths:
            if death.knowable < world.end - 2 * PASS:
                report.notified.append(_told(world, one, death, mine))
    for notified in report.notified:
        if notified.late is None or notified.late > _patience(world, notified.death):
            report.faults.append(
                f"{notified.account.name}: {notified.death.what} of {notified.death.knowable} told {notified.at}"
            )
    report.faults += [fault for one in world.copies if (fault := _copy_untold(world, one, heard))]
    report.faults += [fault for item in heard if (fault := _unjustified(world, item))]
    return report


def _told(world: World, one: Account, death: Death, mine: Sequence[Heard]) -> Told:
    warnings = [item.at for item in mine if item.level is Level.SOON and any(item.at in span for span in one.warned)]
    alarms = [item.at for item in mine if item.level is Level.NOW and item.at in death.span]
    before = [at for at in warnings if death.dead - timedelta(days=8) < at < death.dead]
    return Told(one, death, min(before, default=None), min(alarms, default=None))


def _patience(world: World, death: Death) -> timedelta:
    """A check, and as long as the clock could not be believed; what was mended first need not be told."""
    if death.mended and death.mended - death.knowable <= PASS:
        return timedelta.max
    wrong = [span for span, _ in world.steps if span.end and abs(span.begin - death.knowable) < timedelta(hours=1)]
    return PASS + sum((span.end - span.begin + 3 * INTERVAL for span in wrong if span.end), timedelta())


def _copy_untold(world: World, copies: Copies, heard: Sequence[Heard]) -> str:
    """A copy must be told of before it does harm, and at once."""
    places = {f"{key}/copies" for key in copies.keys}
    notified = [item.at for item in heard if item.key in places and item.level is Level.SOON]
    begin = copies.span.begin
    late = min(notified, default=world.end) - begin
    return (
        f"the copy of {begin} was told after {late}" if late > _patience(world, Death("copied", begin, begin)) else ""
    )


def _unjustified(world: World, item: Heard) -> str:
    """Why a piece of news should not have come; "" if it should."""
    said = f"{item.key}: {item.reason} {item.level} at {item.at}: {item.text}"
    for copies in world.copies:
        if any(item.key == f"{key}/copies" for key in copies.keys):
            return "" if item.reason is Reason.RESOLVED or item.at in copies.span else f"of no copy: {said}"
    one = next((one for one in world.accounts if item.key in one.keys), None)
    if one is None:
        return f"of nothing: {said}"
    dead, warned = one.dead(item.at), any(item.at in span for span in one.warned)
    if item.reason in SPOKEN and item.level is Level.NOW and not dead:
        return f"false alarm: {said}"
    if item.reason in SPOKEN and item.level is Level.SOON and not (dead or warned):
        return f"false warning: {said}"
    if item.reason in (Reason.RESOLVED, Reason.EASED) and dead and item.level is not Level.NOW:
        return f"false all-clear: {said}"
    return ""
