"""Whether what was heard is what the world's script calls for: every death in time, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.model import Level, Reason
from tests.year.account import Account, Death
from tests.year.drive import INTERVAL, Heard
from tests.year.world import Copies, World

#: A pass comes within an interval of what it can see first.
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
    told: list[Told] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def judged(world: World, heard: Sequence[Heard]) -> Report:
    """Compares what was heard with the script."""
    report = Report(world, heard)
    for one in world.accounts:
        keys = one.keys | {f"{key}/copies" for copies in world.copies for key in copies.keys if one.keys <= copies.keys}
        mine = [news for news in heard if news.key in keys]
        for death in one.deaths:
            if death.knowable < world.end - 2 * PASS:
                report.told.append(_told(world, one, death, mine))
    for told in report.told:
        if told.late is None or told.late > _patience(world, told.death):
            report.faults.append(f"{told.account.name}: {told.death.what} of {told.death.knowable} told {told.at}")
    report.faults += [fault for one in world.copies if (fault := _copy_untold(world, one, heard))]
    report.faults += [fault for news in heard if (fault := _unjustified(world, news))]
    return report


def _told(world: World, one: Account, death: Death, mine: Sequence[Heard]) -> Told:
    warnings = [news.at for news in mine if news.level is Level.SOON and any(news.at in span for span in one.warned)]
    alarms = [news.at for news in mine if news.level is Level.NOW and news.at in death.span]
    before = [at for at in warnings if death.dead - timedelta(days=8) < at < death.dead]
    return Told(one, death, min(before, default=None), min(alarms, default=None))


def _patience(world: World, death: Death) -> timedelta:
    """A pass, and as long as the clock could not be believed; what was mended first need not be told."""
    if death.mended and death.mended - death.knowable <= PASS:
        return timedelta.max
    wrong = [span for span, _ in world.steps if span.end and abs(span.begin - death.knowable) < timedelta(hours=1)]
    return PASS + sum((span.end - span.begin + 3 * INTERVAL for span in wrong if span.end), timedelta())


def _copy_untold(world: World, copies: Copies, heard: Sequence[Heard]) -> str:
    """A copy must be told of before it does harm, and at once."""
    places = {f"{key}/copies" for key in copies.keys}
    told = [news.at for news in heard if news.key in places and news.level is Level.SOON]
    begin = copies.span.begin
    late = min(told, default=world.end) - begin
    return (
        f"the copy of {begin} was told after {late}" if late > _patience(world, Death("copied", begin, begin)) else ""
    )


def _unjustified(world: World, news: Heard) -> str:
    """Why a piece of news should not have come; "" if it should."""
    said = f"{news.key}: {news.reason} {news.level} at {news.at}: {news.text}"
    for copies in world.copies:
        if any(news.key == f"{key}/copies" for key in copies.keys):
            return "" if news.reason is Reason.RECOVERED or news.at in copies.span else f"of no copy: {said}"
    one = next((one for one in world.accounts if news.key in one.keys), None)
    if one is None:
        return f"of nothing: {said}"
    dead, warned = one.dead(news.at), any(news.at in span for span in one.warned)
    if news.reason in SPOKEN and news.level is Level.NOW and not dead:
        return f"false alarm: {said}"
    if news.reason in SPOKEN and news.level is Level.SOON and not (dead or warned):
        return f"false warning: {said}"
    if news.reason in (Reason.RECOVERED, Reason.EASED) and dead and news.level is not Level.NOW:
        return f"false all-clear: {said}"
    return ""
