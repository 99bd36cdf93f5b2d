"""One turn of the wheel on an open history: what a look means, recorded, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts import memory as told
from alerts import tell
from alerts.model import Channel, Condition
from monitor.config.settings import Settings
from monitor.history import memory, record
from monitor.history.engine import Connection
from monitor.host import Host
from monitor.judge.conditions import conditions
from monitor.judge.look import judge
from monitor.look import Asked
from monitor.model import Finding, Judgement, Observation, Remembered
from monitor.state import State

PRUNE_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Turn:
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
        """What the look means, given the history; of another home, the history knows nothing."""
        looked = frozenset(self.host.touches)
        if self.asked.elsewhere:
            home = f"{self.host.home}/"
            known = {key: one for key, one in known.items() if one.observation.host_path.startswith(home)}
        whole = judge(self.findings, known, self.settings.policy, self.now, looked)
        return narrowed(whole, self.asked.filters)


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


def recorded(db: Connection, this: Turn) -> tuple[dict[str, Remembered], Judgement, tell.Plan]:
    """One transaction: everything that follows from the look, up to the attempts that are about to be made."""
    known = memory.read(db, this.host.key_id)
    judgement = this.judged(known)
    record.write(db, record.changes(judgement, known, this.now), this.host.key_id)
    before = tell.recall(db, this.now)
    seen = found(this, judgement, before)
    labels = {condition.key: condition.labels for condition in seen}
    for old, new in judgement.moved:
        tell.move(db, old, new, labels.get(new, {}))
    if judgement.moved:
        before = tell.recall(db, this.now)
    plan = tell.plan(before, seen, this.channels, this.rules, this.now)
    ignored = [verdict.key for verdict in judgement.verdicts if verdict.ignored and verdict.key in before.standings]
    tell.commit(db, before, plan, ignored)
    _prune(db, this)
    return known, judgement, plan


def found(this: Turn, judgement: Judgement, before: tell.Memory) -> tuple[Condition, ...]:
    """The conditions of this look, those of troubles that are over included."""
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


def _prune(db: Connection, this: Turn) -> None:
    last = memory.get_meta(db, "pruned_at")
    if last and datetime.fromisoformat(last) > this.now - PRUNE_EVERY:
        return
    record.prune(db, this.now, this.settings.history_keep)
    told.prune(db, this.now, this.settings.history_keep)
    memory.put_meta(db, "pruned_at", this.now.isoformat())
