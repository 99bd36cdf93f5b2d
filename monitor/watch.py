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
from alerts.model import Channel, Condition, Delivery
from monitor.config.settings import Settings
from monitor.history import engine as history
from monitor.history import memory, record
from monitor.history.engine import Broken, Connection, Engine
from monitor.history.tables import METADATA
from monitor.host import Host
from monitor.judge.conditions import conditions
from monitor.judge.look import judge
from monitor.look import Asked
from monitor.metrics.families import ChannelFacts
from monitor.model import Finding, Judgement, Observation, Remembered
from monitor.state import State

PRUNE_EVERY = timedelta(days=1)
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


@dataclass(frozen=True, slots=True)
class _Pass:
    """The fixed facts of one pass."""

    asked: Asked
    host: Host
    state: State
    findings: tuple[Finding, ...]
    now: datetime

    @property
    def settings(self) -> Settings:
        return self.asked.settings

    @property
    def channels(self) -> tuple[Channel, ...]:
        return channels(self.settings, self.host)

    @property
    def rules(self) -> tell.Rules:
        given = self.settings.alerts
        return tell.Rules(given.settle, given.remind, given.quiet)

    def judged(self, known: Mapping[str, Remembered]) -> Judgement:
        looked = frozenset(self.host.touches)
        if self.asked.elsewhere:  # what the history knows of another home says nothing of this one
            home = f"{self.host.home}/"
            known = {key: one for key, one in known.items() if one.observation.host_path.startswith(home)}
        whole = judge(self.findings, known, self.settings.policy, self.now, looked)
        return narrowed(whole, self.asked.filters)


def glance(asked: Asked, host: Host, state: State, findings: tuple[Finding, ...], now: datetime) -> Outcome:
    """What is true now, judged with what the history knows; records and tells nothing."""
    this = _Pass(asked, host, state, findings, now)
    complaints: tuple[str, ...] = ()
    known: dict[str, Remembered] = {}
    remembered = tell.Memory()
    try:
        url = _url(this)
        path = history.file_of(url)
        if path is None or path.exists():
            with history.connect(url, read_only=True).connect() as db:
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
    this = _Pass(asked, host, state, findings, now)
    try:
        engine, complaints = _opened(this)
        with engine.begin() as db:
            known, judgement, plan = _recorded(db, this)
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


def channels(settings: Settings, host: Host) -> tuple[Channel, ...]:
    """The configured channels; a broken one takes part, so that its silence is noticed."""
    return tuple(
        Channel(one.label, one.at_least, one.match, host.fingerprint(one.url.reveal()) if one.url else "")
        for one in settings.channels
    )


def narrowed(judgement: Judgement, filters: Mapping[str, str]) -> Judgement:
    """The part of a judgement that the filters let through; redundancy was judged on the whole."""
    if not filters:
        return judgement

    def meant(facts: Mapping[str, str]) -> bool:
        return all(facts.get(name, value) == value for name, value in filters.items())

    def named(seen: Observation) -> bool:
        one = seen.credential
        return meant({"source": one.source, "agent": one.agent, "provider": one.provider, "profile": one.profile})

    kept = tuple(verdict for verdict in judgement.verdicts if named(verdict.seen))
    keys = {verdict.key for verdict in kept}
    return replace(
        judgement,
        verdicts=kept,
        providers=tuple(
            one
            for one in judgement.providers
            if meant({"source": one.source, "agent": one.agent, "provider": one.provider})
        ),
        troubles=tuple(one for one in judgement.troubles if meant({"source": one.source})),
        moved=tuple(pair for pair in judgement.moved if pair[1] in keys),
        released=tuple(one for one in judgement.released if named(one)),
    )


def _url(this: _Pass) -> history.URL:
    given = this.settings.history_url
    return history.url_of(given.reveal() if given else None, this.state.folder)


def _opened(this: _Pass) -> tuple[Engine, list[str]]:
    """The history, ready; one that is damaged is set aside and a new one begun, so that people are still told."""
    url = _url(this)
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


def _recorded(db: Connection, this: _Pass) -> tuple[dict[str, Remembered], Judgement, tell.Plan]:
    """One transaction: everything that follows from the look, up to the attempts that are about to be made."""
    known = memory.read(db, this.host.key_id)
    judgement = this.judged(known)
    record.write(db, record.changes(judgement, known, this.now), this.host.key_id)
    before = tell.recall(db, this.now)
    found = _conditions(this, judgement, before)
    labels = {condition.key: condition.labels for condition in found}
    for old, new in judgement.moved:
        tell.move(db, old, new, labels.get(new, {}))
    if judgement.moved:
        before = tell.recall(db, this.now)
    plan = tell.plan(before, found, this.channels, this.rules, this.now)
    ignored = [verdict.key for verdict in judgement.verdicts if verdict.ignored and verdict.key in before.standings]
    tell.commit(db, before, plan, ignored)
    _prune(db, this)
    return known, judgement, plan


def _conditions(this: _Pass, judgement: Judgement, before: tell.Memory) -> tuple[Condition, ...]:
    looked = {entry.id for entry in this.settings.sources}
    wanted = this.asked.filters.get("source")
    troubles = [
        (key, standing.labels)
        for key, standing in before.standings.items()
        if "problem" in standing.labels
        and standing.labels.get("source") in looked
        and wanted in (None, standing.labels.get("source"))
    ]
    settings = this.settings
    return conditions(judgement, host=settings.host, privacy=settings.privacy, now=this.now, standing_troubles=troubles)


def _sent(this: _Pass, plan: tell.Plan) -> tell.Results:
    addresses = {one.label: one.url.reveal() for one in this.settings.channels if one.url}
    deadline = this.settings.alerts.deadline
    host, now = this.settings.host, this.now
    return tell.deliver(plan, addresses, lambda alert: compose(alert, host, now), now=now, deadline=deadline)


def _unremembered(this: _Pass, why: str) -> Outcome:
    """A pass whose history cannot be written: judge with what can be read, speak at most hourly. Fails open."""
    seen = glance(this.asked, this.host, this.state, this.findings, this.now)
    complaints = [*seen.complaints, why]
    results = []
    if this.state.throttle(this.now, UNREMEMBERED_EVERY):
        before = _readable(this)
        found = _conditions(this, seen.judgement, before)
        plan = tell.plan(before, found, this.channels, this.rules, this.now)
        results = list(_sent(this, plan))
    return replace(
        seen,
        deliveries=tuple(delivery for delivery, _ in results),
        complaints=(*complaints, *_failures(results)),
        until=this.now,
    )


def _readable(this: _Pass) -> tell.Memory:
    try:
        with history.connect(_url(this), read_only=True).connect() as db:
            return tell.recall(db, this.now) if history.revision(db) else tell.Memory()
    except (Broken, history.HistoryError):
        return tell.Memory()


def _facts(engine: Engine, this: _Pass, known: tell.Memory) -> tuple[ChannelFacts, ...]:
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


def _prune(db: Connection, this: _Pass) -> None:
    last = memory.get_meta(db, "pruned_at")
    if last and datetime.fromisoformat(last) > this.now - PRUNE_EVERY:
        return
    record.prune(db, this.now, this.settings.history_keep)
    told.prune(db, this.now, this.settings.history_keep)
    memory.put_meta(db, "pruned_at", this.now.isoformat())
