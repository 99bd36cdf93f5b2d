"""One pass: look, judge and record, tell; through the history, and without it when it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts import memory as told
from alerts import tell
from alerts.channels import scheme_of
from alerts.clock import Reading, Trust, trust
from alerts.dataclass import dataclass, field, replace
from alerts.forms import Message
from alerts.model import Alert, Condition, Delivery
from alerts.routine import CANARY
from monitor import report
from monitor.config.settings import Settings
from monitor.history import engine as history
from monitor.history import proofs
from monitor.history.engine import Broken, Engine
from monitor.history.read import transitions
from monitor.history.tables import METADATA
from monitor.look import EARLIEST
from monitor.metrics.families import ChannelFacts
from monitor.model import Judgement, Remembered, Transition
from monitor.overview import SPAN, Told, overview
from monitor.proof import Proof
from monitor.turn import Recorded, Turn, findings, found, recorded, remembered, said

#: Without a memory the same news would go out with every pass.
UNREMEMBERED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass found and did. `complaints` are for people on stderr; `until` is when the answer could first
    differ; `recorded` is False when the history could not be written, or must not be believed or touched; `mute`
    when no channel has delivered for long. `findings` are what no row of logins or problems shows, `ignored` the keys
    of those that are muted for good."""

    judgement: Judgement
    at: datetime
    known: Mapping[str, Remembered] = field(default_factory=dict)
    hushed: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    deliveries: tuple[Delivery, ...] = ()
    channels: tuple[ChannelFacts, ...] = ()
    complaints: tuple[str, ...] = ()
    until: datetime | None = None
    recorded: bool = False
    mute: bool = False
    clock: Trust = field(default_factory=lambda: Trust(True))
    overview: Mapping[str, Any] | None = None
    findings: tuple[Condition, ...] = ()
    ignored: frozenset[str] = frozenset()

    @property
    def well(self) -> bool:
        """Whether the pass did what it is for, as far as it may: what the heartbeat is told."""
        doubted = not self.clock.believed and self.at >= EARLIEST  # for a while; a clock that cannot be right stays so
        return (self.recorded or doubted) and not self.mute

    def document(self, settings: Settings) -> dict[str, Any]:
        """The status document of this look."""
        return report.document(
            self.judgement,
            at=self.at,
            host=settings.host,
            acknowledged=self.hushed[0],
            silenced=self.hushed[1],
            known=self.known,
            findings=self.findings,
            ignored=self.ignored,
            sources={entry.id: entry.type for entry in settings.sources},
        )


def glance(this: Turn, told_of: Mapping[str, Proof] | None = None, about: str = "") -> Outcome:
    """What is true now, judged with what the history knows, all of it for the key `about`, and `told_of` if providers
    were just asked; records and tells nothing."""
    complaints: tuple[str, ...] = ()
    known: dict[str, Remembered] = {}
    before = tell.Memory()
    try:
        if history.exists(this.url):
            with history.connect(this.url, read_only=True).connect() as db:
                if history.revision(db):
                    known, before = remembered(db, this, about), tell.past(tell.recall(db), this.now)
                    told_of = {**proofs.recall(db, this.host.key_id), **(told_of or {})}
    except (Broken, history.HistoryError, OSError) as error:
        complaints = (history.in_words(error),)
    judgement = this.judged(known, told_of)
    hushed = tell.hushed(before, this.now)
    return Outcome(
        judgement,
        this.now,
        known,
        hushed,
        complaints=complaints,
        until=judgement.until,
        findings=findings(this, found(this, judgement, before), before),
        ignored=before.ignored,
    )


def run(this: Turn, clocks: tuple[Reading | None, Reading | None, Reading]) -> Outcome:
    """The whole pass under the lock: judge, record, settle, decide, tell, remember.

    `clocks` are the last believed reading, the doubted one and this one. A pass with a doubted clock reports only.
    """
    settle, now = this.settings.alerts.settle, this.now
    believed = trust(*clocks, settle) if now >= EARLIEST else Trust(False, clocks[1], now + settle)
    if not believed.believed:
        seen = glance(this)
        why = "the clock was moved; nothing is recorded or told until it has run steadily for a while"
        return replace(seen, complaints=(*seen.complaints, why), until=believed.until, clock=believed)
    try:
        with history.alone(this.url, this.settings.alerts.deadline) as alone:
            if alone:
                return _taken(this)
    except (Broken, history.HistoryError, OSError) as error:
        return _unremembered(this, history.in_words(error))
    seen = glance(this)
    return replace(seen, complaints=(*seen.complaints, "a pass of another host holds the history"), until=now)


def _taken(this: Turn) -> Outcome:
    """The turn that nobody else takes at the same time."""
    now = this.now
    try:
        engine, made, complaints = _entered(this)
    except (Broken, history.HistoryError, OSError) as error:
        return _unremembered(this, history.in_words(error))
    judgement, plan = made.judgement, made.plan
    results = []
    for delivery, changes in _sent(this, plan):
        results.append((delivery, changes))
        try:
            with engine.begin() as db:
                tell.remember(db, delivery, changes)
        except Broken as error:
            complaints.append(history.in_words(error))
    after = tell.learned(plan.memory, results)
    facts, lately, failures = _facts(engine, this, after)
    complaints += failures
    shown = Told(after, this.channels, this.rules, facts)
    engine.dispose()  # the last one out folds the write-ahead log in
    mute = tell.mute(after, this.channels, this.rules, now)
    until = [judgement.until, plan.until, tell.outlook(after, this.channels, this.rules, now), now if mute else None]
    return Outcome(
        judgement,
        now,
        made.known,
        tell.hushed(after, now),
        tuple(delivery for delivery, _ in results),
        facts,
        (*complaints, *_failures(results)),
        min((moment for moment in until if moment), default=None),
        recorded=True,
        mute=mute,
        overview=overview(judgement, shown, lately, this.settings, now),
        findings=made.findings,
        ignored=after.ignored,
    )


def _entered(this: Turn) -> tuple[Engine, Recorded, list[str]]:
    """The history with this look in it; one that is damaged is set aside and a new one begun, so that people are
    still told."""
    try:
        return *_begun(this), []
    except Broken as error:
        aside = _set_aside(this, error)
        if aside is None:
            raise
    return *_begun(this), [aside]


def _set_aside(this: Turn, error: Broken) -> str | None:
    """Moves a damaged history out of the way and says so; None where it is not damaged or no file. Raises OSError."""
    path = history.file_of(this.url)
    if path is None or not history.damaged(error):
        return None
    aside = path.with_name(f"{path.name}.damaged-{this.now:%Y%m%dT%H%M%S}")
    for end in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{aside}{end}")
    return f"the history was damaged and is set aside as {aside}; a new one begins"


def _begun(this: Turn) -> tuple[Engine, Recorded]:
    engine = history.opened(this.url, (METADATA, told.METADATA))
    try:
        again = _asked(engine, this)
        with engine.begin() as db:
            made = recorded(db, this)
        until = min((moment for moment in (made.judgement.until, again) if moment), default=None)
        return engine, replace(made, judgement=replace(made.judgement, until=until))
    except Broken:
        engine.dispose()
        raise


def _asked(engine: Engine, this: Turn) -> datetime | None:
    """Asks the providers that the config names, where one is due; when the next will be."""
    if this.host.vault is None:
        return None
    from monitor import prove

    try:
        return prove.asked(engine, this.host, this.findings, this.settings, this.now)
    except Broken:
        raise
    except Exception:  # noqa: BLE001  what is told anyhow must not depend on what was never asked for
        return None


def _sent(this: Turn, plan: tell.Plan) -> tell.Results:
    addresses = {one.label: one.url.reveal() for one in this.settings.channels if one.url}
    deadline = this.settings.alerts.deadline

    def say(alert: Alert) -> Message:
        return said(this, alert, pinned=scheme_of(addresses.get(alert.channel, "")) == "termux")

    return tell.deliver(plan, addresses, say, now=this.now, deadline=deadline)


def _unremembered(this: Turn, why: str) -> Outcome:
    """A pass whose history cannot be written: judge with what can be read, speak at most hourly. Fails open."""
    seen = glance(this)
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
            return tell.past(tell.recall(db), this.now) if history.revision(db) else tell.Memory()
    except (Broken, history.HistoryError):
        return tell.Memory()


def _facts(
    engine: Engine, this: Turn, known: tell.Memory
) -> tuple[tuple[ChannelFacts, ...], list[Transition], list[str]]:
    """What is so of the channels, what changed of late, and complaints where the history does not say."""
    reached: dict[str, datetime] = {}
    changes: list[Transition] = []
    failures: list[str] = []
    try:
        with engine.connect() as db:
            reached = told.last_successes(db) if this.channels else {}
            changes = transitions(db, this.now - SPAN)
    except Broken as error:
        failures = [history.in_words(error)]
        with suppress(OSError):
            failures = [_set_aside(this, error) or failures[0]]
    facts = (
        ChannelFacts(
            one.label,
            reached.get(one.label),
            tell.pending(known, one, this.rules, this.now),
            canary.at if (canary := known.told.get((one.label, CANARY))) else None,
        )
        for one in this.channels
    )
    return tuple(facts), changes, failures


def _failures(results: Sequence[tuple[Delivery, object]]) -> list[str]:
    return [
        f"channel {delivery.alert.channel} was not reached ({delivery.outcome}): {delivery.error}"
        for delivery, _ in results
        if not delivery.outcome.heard
    ]
