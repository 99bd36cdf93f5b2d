"""The same check under a moved clock: what would be said and what becomes of a login if nothing else changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts import notify, store
from alerts.formats import Message
from alerts.memory import Memory, least
from alerts.model import Condition, Notification
from alerts.notify import LATENCY, Look, checks
from monitor.check.assess import CheckContext, found, said
from monitor.check.record import recorded
from monitor.history import probe_results
from monitor.history.changes import changes
from monitor.history.engine import Engine
from monitor.history.queries import copied
from monitor.model import Judgement, ProbeResult, Remembered, Verdict


@dataclass(frozen=True, slots=True)
class SimulatedMessage:
    """One message that would be sent."""

    at: datetime
    notification: Notification
    message: Message


def rehearse(this_check: CheckContext, horizon: timedelta) -> Iterator[SimulatedMessage]:
    """Every message up to `horizon` after the check's own moment, in order.

    Begins with the real findings and a copy of the real history, and supposes that stores, config and people stay as
    they are, that providers say the same when asked again, that a check runs every `interval`, and that what is sent
    arrives. Goes from each `until` to the first check at or after it: between them a check changes nothing.
    """
    now = this_check.now
    with copied(this_check.url, this_check.state, this_check.home) as engine:
        with engine.begin() as db:
            probe_results.last(db, this_check.host.key_id, now)
        played = checks(
            now, this_check.settings.interval, horizon, lambda at: _check(engine, this_check._replace(now=at))
        )
        for _, planned in played:
            yield from planned


def _check(engine: Engine, this_check: CheckContext) -> tuple[list[SimulatedMessage], datetime | None]:
    with engine.begin() as db:
        made = recorded(db, this_check)
        results = list(notify.heard(made.plan, this_check.now + LATENCY))
        for delivery, changes in results:
            store.remember(db, delivery, changes)
    _, until = notify.ended(made.plan, results, this_check.channels, this_check.rules, this_check.now)
    planned = [
        SimulatedMessage(this_check.now, notification, said(this_check, notification, pinned=False))
        for notification in made.plan.notifications
    ]
    return planned, least((made.judgement.until, until))


#: So many moments are tried; others of a large look may change often before this one does.
LOOKS = 100
#: So many verdicts are judged anew at most to tell which messages come.
VERDICTS = 5000


def prospect(
    this_check: CheckContext, judgement: Judgement, known: Mapping[str, Remembered], key: str
) -> Iterator[tuple[datetime, Verdict]]:
    """Each later moment at which the answer for `key` differs from the one before, in order.

    Supposes that stores, config, people and what providers say stay as they are. `known` is the history before the
    judgement; nothing is written.
    """
    memory, told_of, now = dict(known), _lasting(judgement, this_check.now), this_check.now
    last = _of(judgement, key)
    for _ in range(LOOKS):
        if judgement.until is None or last is None:
            return
        _learn(memory, judgement, now)
        now = judgement.until
        judgement = this_check._replace(now=now).judged(memory, told_of)
        found = _of(judgement, key)
        if found is None:
            return
        if _answer(found) != _answer(last):
            yield now, found
        last = found


def looks(this_check: CheckContext, judgement: Judgement, known: Mapping[str, Remembered]) -> Look:
    """The later looks after this one, asked for in order: the same findings, judged anew when their time has come.

    `known` is the history before the judgement. Of a very large home, what comes late is not judged any more.
    """
    memory, told_of, then = dict(known), _lasting(judgement, this_check.now), this_check.now
    left = min(LOOKS, VERDICTS // max(1, len(judgement.verdicts)))

    def look(at: datetime, notifications: Memory) -> tuple[tuple[Condition, ...], datetime | None]:
        nonlocal judgement, then, left
        if judgement.until and at >= judgement.until and left:
            _learn(memory, judgement, then)
            judgement, then, left = this_check._replace(now=at).judged(memory, told_of), at, left - 1
        return found(this_check._replace(now=at), judgement, notifications), judgement.until if left else None

    return look


def _learn(memory: dict[str, Remembered], judgement: Judgement, at: datetime) -> None:
    """What the history would hold after a judgement."""
    recorded = changes(judgement, memory, at)
    for key in recorded.gone:
        memory.pop(key, None)
    memory.update(recorded.rows)


def _lasting(judgement: Judgement, now: datetime) -> dict[str, ProbeResult]:
    """What providers told of these logins, as if they said so for ever."""
    proofs = ((one.seen.fingerprint, one.proof) for one in judgement.verdicts)
    return {print_of: proof.lasting() for print_of, proof in proofs if print_of and proof and now < proof.lapses_at}


def _of(judgement: Judgement, key: str) -> Verdict | None:
    return next((verdict for verdict in judgement.verdicts if verdict.key == key), None)


def _answer(verdict: Verdict) -> tuple[object, ...]:
    return verdict.state, verdict.needs_human, verdict.usable, verdict.step, verdict.rule, verdict.weights
