"""The real core over a world: a check every five minutes at which something can differ, on a real history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from alerts import memory, notify, store
from alerts.clock_trust import ClockReading, trust
from alerts.model import Level, Reason
from monitor.check.assess import CheckContext
from monitor.check.collect import CheckOptions
from monitor.check.record import recorded
from monitor.config.settings import ChannelSettings, Secret, Settings
from monitor.history import engine as history
from monitor.history.tables import METADATA
from monitor.model import Policy, SourceEntry
from monitor.system.host import Host
from monitor.system.state_dir import StateDir
from tests.year.world import START, World

INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True)
class Heard:
    """One piece of news, and when it came (by the true time)."""

    at: datetime
    key: str
    reason: Reason
    level: Level
    text: str


def settings(world: World) -> Settings:
    sources = sorted({one.credential.source for one in world.accounts})
    return Settings(
        host="box",
        interval=INTERVAL,
        sources=tuple(SourceEntry(name, name) for name in sources),
        policy=Policy(),
        channels=(ChannelSettings("phone", Secret("json://localhost/phone")),),
    )


def year(world: World, folder: Path) -> Iterator[Heard]:
    """What the phone hears, in order; the number of checks is in `world.checks`."""
    host = Host(folder, {}, key=b"k" * 32)
    for one in world.accounts:
        host.touches[one.path] = None  # every look looks there
    asked = CheckOptions(settings(world))
    this_check = CheckContext(asked, host, StateDir(folder, folder), (), START)
    engine = history.opened(this_check.url, (METADATA, store.METADATA))
    last, doubted, now = None, None, START
    span = asked.settings.alerts.settle
    while now < world.end:
        wall = world.wall(now)
        believed = trust(last, doubted, ClockReading(wall, now - START, "boot"), span)
        doubted, until = believed.doubted, believed.until
        world.checks += 1
        if believed.believed:
            last = ClockReading(wall, now - START, "boot")
            with engine.begin() as db:
                heard, until = _pass(db, this_check._replace(now=wall, findings=world.findings(now)))
            yield from (replace(one, at=now) for one in heard)
        now = _next(world, now, until and until - (wall - now))
    engine.dispose()


def _pass(db: history.Connection, this_check: CheckContext) -> tuple[list[Heard], datetime | None]:
    """As `monitor.check.simulate` has it: everything that is sent arrives."""
    made = recorded(db, this_check)
    judgement, plan = made.judgement, made.plan
    results = list(notify.heard(plan, this_check.now))
    for delivery, changes in results:
        store.remember(db, delivery, changes)
    after = notify.learned(plan.memory, results)
    moments = (
        judgement.until,
        plan.until,
        memory.outlook(after, this_check.channels, this_check.rules, this_check.now),
    )
    items = [one for notification in plan.notifications for one in notification.items]
    heard = [Heard(this_check.now, n.alert.key, n.reason, n.alert.level, n.alert.summary) for n in items]
    return heard, min((one for one in moments if one), default=None)


def _next(world: World, now: datetime, until: datetime | None) -> datetime:
    """The first regular check at or after what is next: a change of the world, or the last answer's end."""
    wanted = min((at for at in (until, world.next_change(now)) if at), default=world.end)
    ticks = ceil((max(wanted, now + INTERVAL) - START) / INTERVAL)
    return START + ticks * INTERVAL
