"""The same turn under a moved clock: what would be said, when and to whom, if nothing else changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts import tell
from alerts.dataclass import dataclass, replace
from alerts.forms import Message
from alerts.model import Alert
from alerts.planned import LATENCY, checks
from monitor.history import proofs
from monitor.history.copy import copied
from monitor.history.engine import Engine
from monitor.turn import Turn, recorded, said


@dataclass(frozen=True, slots=True)
class Planned:
    """One message that would be sent."""

    at: datetime
    alert: Alert
    message: Message


def rehearse(turn: Turn, horizon: timedelta) -> Iterator[Planned]:
    """Every message up to `horizon` after the turn's own moment, in order.

    Begins with the real findings and a copy of the real history, and supposes that stores, config and people stay as
    they are, that providers say the same when asked again, that a pass runs every `interval`, and that what is sent
    arrives. Goes from each `until` to the first pass at or after it: between them a pass changes nothing.
    """
    engine, now = copied(turn.url, turn.state, turn.home), turn.now
    try:
        with engine.begin() as db:
            proofs.last(db, turn.host.key_id, now)
        passes = checks(now, turn.settings.interval, horizon, lambda at: _pass(engine, replace(turn, now=at)))
        for _, planned in passes:
            yield from planned
    finally:
        engine.dispose()


def _pass(engine: Engine, turn: Turn) -> tuple[list[Planned], datetime | None]:
    with engine.begin() as db:
        made = recorded(db, turn)
        judgement, plan = made.judgement, made.plan
        results = list(tell.heard(plan, turn.now + LATENCY))
        for delivery, changes in results:
            tell.remember(db, delivery, changes)
    after = tell.learned(plan.memory, results)
    until = (judgement.until, plan.until, tell.outlook(after, turn.channels, turn.rules, turn.now))
    planned = [Planned(turn.now, alert, said(turn, alert, pinned=False)) for alert in plan.alerts]
    return planned, min((moment for moment in until if moment), default=None)
