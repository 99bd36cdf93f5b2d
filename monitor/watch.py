"""One pass: look, judge and record, tell; through the history, and without it when it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from alerts import memory as told
from alerts import tell
from alerts.clock import Reading, Trust, trust
from alerts.message import compose
from alerts.model import Delivery
from monitor.history import engine as history
from monitor.history import memory
from monitor.history.engine import Broken, Engine
from monitor.history.tables import METADATA
from monitor.host import Host
from monitor.look import Asked
from monitor.metrics.families import ChannelFacts
from monitor.model import Finding, Judgement, Remembered
from monitor.state import State
from monitor.turn import Turn, found, recorded

#: Without a memory the same news would go out with every pass.
UNREMEMBERED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass found and did. `complaints` are for people on stderr; `until` is when the answer could first
    differ; `recorded` is False when the history could not be written, or must not be believed or touched."""

    judgement: Judgement
    at: datetime
    known: Mapping[str, Remembered] = field(default_factory=dict)
    hushed: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    deliveries: tuple[Delivery, ...] = ()
    channels: tuple[ChannelFacts, ...] = ()
    complaints: tuple[str, ...] = ()
    until: datetime | None = None
    recorded: bool = False
    clock: Trust = field(default_factory=lambda: Trust(True))


def glance(asked: Asked, host: Host, state: State, findings: tuple[Finding, ...], now: datetime) -> Outcome:
    """What is true now, judged with what the history knows; records and tells nothing."""
    this = Turn(asked, host, state, findings, now)
    complaints: tuple[str, ...] = ()
    known: dict[str, Remembered] = {}
    remembered = tell.Memory()
    try:
        path = history.file_of(this.url)
        if path is None or path.exists():
            with history.connect(this.url, read_only=True).connect() as db:
                if history.revision(db):
                    known, remembered = memory.read(db, host.key_id), tell.recall(db, now)
    except (Broken, history.HistoryError) as error:
        complaints = (history.in_words(error),)
    judgement = this.judged(known)
    return Outcome(judgement, now, known, tell.hushed(remembered, now), complaints=complaints, until=judgement.until)


def run(
    asked: Asked,
    host: Host,
    state: State,
    findings: tuple[Finding, ...],
    now: datetime,
    clocks: tuple[Reading | None, Reading | None, Reading],
) -> Outcome:
    """The whole pass under the lock: judge, record, settle, decide, tell, remember.

    `clocks` are the last believed reading, the doubted one and this one. A pass with a doubted clock reports only.
    """
    believed = trust(*clocks, asked.settings.alerts.settle)
    if not believed.believed:
        seen = glance(asked, host, state, findings, now)
        why = "the clock was moved; nothing is recorded or told until it has run steadily for a while"
        return replace(seen, complaints=(*seen.complaints, why), until=believed.until, clock=believed)
    this = Turn(asked, host, state, findings, now)
    try:
        engine, complaints = _opened(this)
        with engine.begin() as db:
            known, judgement, plan = recorded(db, this)
    except (Broken, history.HistoryError, OSError) as error:
        return _unremembered(this, history.in_words(error))
    results = []
    for delivery, changes in _sent(this, plan):
        results.append((delivery, changes))
        try:
            with engine.begin() as db:
                tell.remember(db, delivery, changes)
        except Broken as error:
            complaints.append(history.in_words(error))
    after = tell.learned(plan.memory, results)
    facts = _facts(engine, this, after)
    engine.dispose()  # the last one out folds the write-ahead log in
    until = [judgement.until, plan.until, tell.outlook(after, this.channels, this.rules, now)]
    return Outcome(
        judgement,
        now,
        known,
        tell.hushed(after, now),
        tuple(delivery for delivery, _ in results),
        facts,
        (*complaints, *_failures(results)),
        min((moment for moment in until if moment), default=None),
        recorded=True,
    )


def _opened(this: Turn) -> tuple[Engine, list[str]]:
    """The history, ready; one that is damaged is set aside and a new one begun, so that people are still told."""
    url = this.url
    try:
        return history.opened(url, (METADATA, told.METADATA)), []
    except Broken as error:
        path = history.file_of(url)
        if path is None or not history.damaged(error):
            raise
        aside = path.with_name(f"{path.name}.damaged-{this.now:%Y%m%dT%H%M%S}")
        for end in ("", "-wal", "-shm"):
            side = Path(f"{path}{end}")
            if side.exists():
                side.rename(f"{aside}{end}")
    fresh = history.opened(url, (METADATA, told.METADATA))
    return fresh, [f"the history was damaged and is set aside as {aside}; a new one begins"]


def _sent(this: Turn, plan: tell.Plan) -> tell.Results:
    addresses = {one.label: one.url.reveal() for one in this.settings.channels if one.url}
    deadline = this.settings.alerts.deadline
    host, now = this.settings.host, this.now
    return tell.deliver(plan, addresses, lambda alert: compose(alert, host, now), now=now, deadline=deadline)


def _unremembered(this: Turn, why: str) -> Outcome:
    """A pass whose history cannot be written: judge with what can be read, speak at most hourly. Fails open."""
    seen = glance(this.asked, this.host, this.state, this.findings, this.now)
    complaints = [*seen.complaints, why]
    results = []
    if this.state.throttle(this.now, UNREMEMBERED_EVERY):
        before = _readable(this)
        plan = tell.plan(before, found(this, seen.judgement, before), this.channels, this.rules, this.now)
        results = list(_sent(this, plan))
    return replace(
        seen,
        deliveries=tuple(delivery for delivery, _ in results),
        complaints=(*complaints, *_failures(results)),
        until=this.now,
    )


def _readable(this: Turn) -> tell.Memory:
    try:
        with history.connect(this.url, read_only=True).connect() as db:
            return tell.recall(db, this.now) if history.revision(db) else tell.Memory()
    except (Broken, history.HistoryError):
        return tell.Memory()


def _facts(engine: Engine, this: Turn, known: tell.Memory) -> tuple[ChannelFacts, ...]:
    if not this.channels:
        return ()
    with engine.connect() as db:
        reached = told.last_successes(db)
    return tuple(
        ChannelFacts(one.label, reached.get(one.label), tell.pending(known, one, this.rules, this.now))
        for one in this.channels
    )


def _failures(results: Sequence[tuple[Delivery, object]]) -> list[str]:
    return [
        f"channel {delivery.alert.channel} was not reached ({delivery.outcome}): {delivery.error}"
        for delivery, _ in results
        if not delivery.outcome.heard
    ]
