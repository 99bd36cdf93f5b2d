"""The real core over a world: a pass every five minutes at which something can differ, on a real history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from alerts import notify, store
from alerts.clock_trust import Reading, trust
from alerts.model import Level, Reason
from monitor.check.collect import Asked
from monitor.check.record import Turn, recorded
from monitor.config.settings import ChannelSettings, Policy, Secret, Settings
from monitor.history import engine as history
from monitor.history.tables import METADATA
from monitor.model import SourceEntry
from monitor.system.host import Host
from monitor.system.state_dir import State
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
    """What the phone hears, in order; the number of passes is in `world.passes`."""
    host = Host(folder, {}, key=b"k" * 32)
    for one in world.accounts:
        host.touches[one.path] = None  # every look looks there
    asked = Asked(settings(world))
    turn = Turn(asked, host, State(folder, folder), (), START)
    engine = history.opened(turn.url, (METADATA, store.METADATA))
    last, doubted, now = None, None, START
    span = asked.settings.alerts.settle
    while now < world.end:
        wall = world.wall(now)
        believed = trust(last, doubted, Reading(wall, now - START, "boot"), span)
        doubted, until = believed.doubted, believed.until
        world.passes += 1
        if believed.believed:
            last = Reading(wall, now - START, "boot")
            with engine.begin() as db:
                heard, until = _pass(db, replace(turn, now=wall, findings=world.findings(now)))
            yield from (replace(one, at=now) for one in heard)
        now = _next(world, now, until and until - (wall - now))
    engine.dispose()


def _pass(db: history.Connection, turn: Turn) -> tuple[list[Heard], datetime | None]:
    """As `monitor.check.simulate` has it: everything that is sent arrives."""
    made = recorded(db, turn)
    judgement, plan = made.judgement, made.plan
    results = list(notify.heard(plan, turn.now))
    for delivery, changes in results:
        notify.remember(db, delivery, changes)
    after = notify.learned(plan.memory, results)
    moments = (judgement.until, plan.until, notify.outlook(after, turn.channels, turn.rules, turn.now))
    news = [one for alert in plan.alerts for one in alert.news]
    heard = [Heard(turn.now, n.standing.key, n.reason, n.standing.level, n.standing.summary) for n in news]
    return heard, min((one for one in moments if one), default=None)


def _next(world: World, now: datetime, until: datetime | None) -> datetime:
    """The first regular pass at or after what is next: a change of the world, or the last answer's end."""
    wanted = min((at for at in (until, world.next_change(now)) if at), default=world.end)
    ticks = ceil((max(wanted, now + INTERVAL) - START) / INTERVAL)
    return START + ticks * INTERVAL
