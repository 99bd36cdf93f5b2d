"""One check: look, judge and record, tell; through the history, and without it when it fails."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from alerts import memory, notify, offline, store
from alerts.channels import scheme_of
from alerts.clock_trust import ClockReading, Trust, trust
from alerts.formats import Message
from alerts.memory import least
from alerts.model import Delivery, Notification
from alerts.notification_state import StateChanges
from alerts.schedule import CANARY
from monitor.check.assess import CheckContext, found, said
from monitor.check.collect import EARLIEST
from monitor.check.page_data import SPAN, AlertFacts, evidence, overview
from monitor.check.read_only import CheckResult, judged_only, read, read_only
from monitor.check.record import Recorded, recorded
from monitor.check.simulate import looks
from monitor.history import engine as history
from monitor.history import known as known_rows
from monitor.history import owner
from monitor.history.engine import Broken, Engine
from monitor.history.queries import transitions
from monitor.history.tables import METADATA
from monitor.metrics.definitions import ChannelFacts
from monitor.model import Transition

#: Where no disk keeps what was told, the same news would go out with every check.
UNREMEMBERED_EVERY = timedelta(hours=1)

#: What a check keeps of its time to write down what became of its sends, and for the heartbeat, in seconds.
RECORDING = 5.0


def run(this: CheckContext, clocks: tuple[ClockReading | None, ClockReading | None, ClockReading]) -> CheckResult:
    """The whole check under the lock: judge, record, settle, decide, tell, remember. Raises owner.OtherWatcher.

    `clocks` are the last believed reading, the doubted one and this one. A check with a doubted clock reports only.
    """
    settle, now = this.settings.alerts.settle, this.now
    believed = trust(*clocks, settle) if now >= EARLIEST else Trust(False, clocks[1], now + settle)
    if not believed.believed:
        seen = read_only(this)
        why = "the clock was moved; nothing is recorded or told until it has run steadily for a while"
        return seen._replace(complaints=(*seen.complaints, why), until=believed.until, clock=believed)
    try:
        engine, made, complaints = _entered(this)
    except owner.OtherWatcher:
        raise
    except (Broken, history.HistoryError, OSError) as error:
        return _unremembered(this, history.in_words(error))
    with history.disposed(engine):
        return _taken(this, engine, made, complaints)


def _taken(this: CheckContext, engine: Engine, made: Recorded, complaints: list[str]) -> CheckResult:
    """What follows once the look is recorded. Whatever becomes of the history now, nothing is sent twice."""
    now, judgement, plan = this.now, made.judgement, made.plan
    results, failed = _told(this, engine, plan)
    after, quiet_until = notify.ended(plan, results, this.channels, this.rules, now)
    facts, lately, failures = _facts(engine, this, after)
    complaints += [*failed, *failures]
    if not failed:
        _copied(this, engine, after)
    shown = AlertFacts(after, this.channels, this.rules, facts, looks(this, judgement, made.known))
    mute = memory.mute(after, this.channels, this.rules, now)
    again = now if mute or failed or failures else None
    return CheckResult(
        judgement,
        now,
        made.known,
        memory.suppressed(after, now),
        tuple(delivery for delivery, _ in results),
        facts,
        (*complaints, *_failures(results)),
        least((judgement.until, quiet_until, again)),
        recorded=True,
        mute=mute,
        overview=overview(judgement, shown, lately, this.settings, now),
        evidence=evidence(judgement, made.known, this.settings, now),
        findings=made.findings,
        ignored=after.ignored,
    )


def _told(
    this: CheckContext, engine: Engine, plan: notify.Plan
) -> tuple[list[tuple[Delivery, StateChanges]], tuple[str, ...]]:
    """Sends, and writes each result down as it arrives; once the history is lost, in the state folder: the next check
    brings it home. Returns the results and complaints."""
    results: list[tuple[Delivery, StateChanges]] = []
    homeless: list[tuple[Delivery, StateChanges]] = []
    complaints: list[str] = []
    id = _id()
    for one in _sent(this, plan):
        results.append(one)
        if not homeless:
            try:
                with engine.begin() as db:
                    store.remember(db, *one)
                continue
            except Broken as error:
                complaints.append(history.in_words(error))
        homeless.append(one)
        kept = offline.Offline().with_results(homeless, id)
        if not this.state.keep_offline(offline.dumps(kept), this.now):
            complaints.append("what was sent is not recorded, and may be sent again")
    return results, tuple(dict.fromkeys(complaints))


def _copied(this: CheckContext, engine: Engine, known: memory.Memory) -> None:
    """Leaves a copy of what the alerts remember in the state folder, for when a server cannot be reached; nothing for
    a history that lies there itself."""
    kept = offline.Offline()
    if not owner.is_beside(this.url, this.state):
        try:
            with engine.connect() as db:
                ignored = [key for key, one in known_rows.read(db, this.host.key_id).items() if one.ignored]
        except Broken:
            return
        kept = offline.copied(known, ignored)
    text, before = offline.dumps(kept), this.state.kept_offline()
    if text != before and (before or kept != offline.Offline()):
        this.state.keep_offline(text, this.now)


def _id() -> str:
    return os.urandom(8).hex()


def _entered(this: CheckContext) -> tuple[Engine, Recorded, list[str]]:
    """The history with this check in it; one that is damaged is set aside and a new one begun, so that people are
    still told."""
    try:
        return *_begun(this), []
    except Broken as error:
        aside = _set_aside(this, error)
        if aside is None:
            raise
    return *_begun(this), [aside]


_DAMAGED = ("damaged", "was damaged")


def _set_aside(this: CheckContext, error: Broken) -> str | None:
    """Moves a damaged or too old history out of the way, and says so; None where it is neither or no file. Raises
    OSError."""
    path = history.file_of(this.url)
    if path is None or not history.damaged(error):
        return None
    what, why = ("older", "was written before the first release") if isinstance(error, history.Outdated) else _DAMAGED
    aside = path.with_name(f"{path.name}.{what}-{this.now:%Y%m%dT%H%M%S}")
    for end in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{aside}{end}")
    return f"the history {why} and is set aside as {aside}; a new one begins"


def _begun(this: CheckContext) -> tuple[Engine, Recorded]:
    engine = history.opened(this.url, (METADATA, store.METADATA))
    try:
        with engine.begin() as db:
            owner.claim(db, this.url, this.state, this.home)
        again = _asked(engine, this)
        with engine.begin() as db:
            made = recorded(db, this)
        until = least((made.judgement.until, again))
        return engine, made._replace(judgement=made.judgement._replace(until=until))
    except BaseException:
        engine.dispose()
        raise


def _asked(engine: Engine, this: CheckContext) -> datetime | None:
    """Asks the providers that the config names, where one is due; when the next will be."""
    if this.host.offered_keys is None:
        return None
    from monitor.check import probe

    try:
        return probe.asked(engine, this.host, this.findings, this.settings, this.now)
    except Broken:
        raise
    except Exception:  # noqa: BLE001  what is told anyhow must not depend on what was never asked for
        return None


def _sent(this: CheckContext, plan: notify.Plan) -> notify.Results:
    addresses = {one.label: one.url.reveal() for one in this.settings.channels if one.url}
    left = this.host.left() - RECORDING
    deadline = timedelta(seconds=max(0.0, min(this.settings.alerts.deadline.total_seconds(), left)))

    def say(notification: Notification) -> Message:
        return said(this, notification, pinned=scheme_of(addresses.get(notification.channel, "")) == "termux")

    return notify.deliver(plan, addresses, say, now=this.now, deadline=deadline)


def _unremembered(this: CheckContext, why: str) -> CheckResult:
    """A check whose history cannot be written: judge with what can be read, and remember in the state folder what is
    told. Where no disk keeps that either, speak at most hourly: alarms fail open."""
    known, kept, id = read(this), offline.loads(this.state.kept_offline()), _id()
    seen = judged_only(this, known)
    before = offline.alone(kept) if known.blind else offline.laid_over(known.memory, kept)
    before = notify.past(before, this.now)
    conditions = found(this, seen.judgement, before)
    if known.blind:  # nothing good is said: a look without the history does not know what it takes to be sure
        conditions = tuple(one._replace(held=True) for one in conditions)
    plan = notify.plan(before, conditions, this.channels, this.rules, this.now)
    kept = kept.grown(before, plan.memory, id, blind=known.blind)
    results: list[tuple[Delivery, StateChanges]] = []
    if this.state.keep_offline(offline.dumps(kept), this.now) or this.state.throttle(this.now, UNREMEMBERED_EVERY):
        for one in _sent(this, plan):
            results.append(one)
            this.state.keep_offline(offline.dumps(kept.with_results(results, id)), this.now)
    return seen._replace(
        suppressed=memory.suppressed(before, this.now),
        deliveries=tuple(delivery for delivery, _ in results),
        complaints=(*dict.fromkeys((*seen.complaints, why)), *_failures(results)),
        until=this.now,
    )


def _facts(
    engine: Engine, this: CheckContext, known: memory.Memory
) -> tuple[tuple[ChannelFacts, ...], list[Transition], list[str]]:
    """What is so of the channels, what changed of late, and complaints where the history does not say."""
    reached: dict[str, datetime] = {}
    changes: list[Transition] = []
    failures: list[str] = []
    try:
        with engine.connect() as db:
            reached = store.last_successes(db) if this.channels else {}
            changes = transitions(db, this.now - SPAN)
    except Broken as error:
        failures = [history.in_words(error)]
        with suppress(OSError):
            failures = [_set_aside(this, error) or failures[0]]
    facts = (
        ChannelFacts(
            one.label,
            reached.get(one.label),
            memory.pending(known, one, this.rules, this.now),
            canary.at if (canary := known.notified.get((one.id, CANARY))) else None,
        )
        for one in this.channels
    )
    return tuple(facts), changes, failures


def _failures(results: Sequence[tuple[Delivery, object]]) -> list[str]:
    return [
        f"channel {delivery.notification.channel} was not reached ({delivery.outcome}): {delivery.error}"
        for delivery, _ in results
        if not delivery.outcome.heard
    ]
