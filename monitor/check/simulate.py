"""The same turn under a moved clock: what would be said, when and to whom, if nothing else changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from alerts import notify
from alerts.dataclass import dataclass, replace
from alerts.formats import Message
from alerts.model import Alert, Condition
from alerts.notify import Memory
from alerts.planned import LATENCY, Look, checks
from monitor.check.record import Turn, found, recorded, said
from monitor.history import probe_results
from monitor.history.changes import changes
from monitor.history.engine import Engine
from monitor.history.snapshot import copied
from monitor.model import Judgement, Remembered, Verdict
from monitor.proof import Proof


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
            probe_results.last(db, turn.host.key_id, now)
        passes = checks(now, turn.settings.interval, horizon, lambda at: _pass(engine, replace(turn, now=at)))
        for _, planned in passes:
            yield from planned
    finally:
        engine.dispose()


def _pass(engine: Engine, turn: Turn) -> tuple[list[Planned], datetime | None]:
    with engine.begin() as db:
        made = recorded(db, turn)
        judgement, plan = made.judgement, made.plan
        results = list(notify.heard(plan, turn.now + LATENCY))
        for delivery, changes in results:
            notify.remember(db, delivery, changes)
    after = notify.learned(plan.memory, results)
    until = (judgement.until, plan.until, notify.outlook(after, turn.channels, turn.rules, turn.now))
    planned = [Planned(turn.now, alert, said(turn, alert, pinned=False)) for alert in plan.alerts]
    return planned, min((moment for moment in until if moment), default=None)


#: So many moments are tried; others of a large look may change often before this one does.
LOOKS = 100
#: So many verdicts are judged anew at most to tell which messages come.
VERDICTS = 5000


def prospect(
    turn: Turn, known: Mapping[str, Remembered], key: str, told_of: Mapping[str, Proof] | None = None
) -> Iterator[tuple[datetime, Verdict]]:
    """Each later moment at which the answer for `key` differs from the one before, in order.

    Supposes that stores, config, people and what providers say stay as they are. `known` is the history by key,
    `told_of` what providers told; nothing is written.
    """
    memory = dict(known)
    told_of = {print_of: one.lasting() for print_of, one in (told_of or {}).items() if turn.now < one.lapses_at}
    judgement = turn.judged(memory, told_of)
    last, now = _of(judgement, key), turn.now
    for _ in range(LOOKS):
        if judgement.until is None or last is None:
            return
        memory |= changes(judgement, memory, now).rows
        now = judgement.until
        judgement = replace(turn, now=now).judged(memory, told_of)
        found = _of(judgement, key)
        if found is None:
            return
        if _answer(found) != _answer(last):
            yield now, found
        last = found


def looks(turn: Turn, judgement: Judgement, known: Mapping[str, Remembered]) -> Look:
    """The later looks after this one, asked for in order: the same findings, judged anew when their time has come.

    `known` is the history before the judgement. Of a very large home, what comes late is not judged any more.
    """
    memory, told_of, then = dict(known), _lasting(judgement, turn.now), turn.now
    left = min(LOOKS, VERDICTS // max(1, len(judgement.verdicts)))

    def look(at: datetime, alerts: Memory) -> tuple[tuple[Condition, ...], datetime | None]:
        nonlocal judgement, then, left
        if judgement.until and at >= judgement.until and left:
            recorded = changes(judgement, memory, then)
            for key in recorded.gone:
                memory.pop(key, None)
            memory.update(recorded.rows)
            judgement, then, left = replace(turn, now=at).judged(memory, told_of), at, left - 1
        return found(replace(turn, now=at), judgement, alerts), judgement.until if left else None

    return look


def _lasting(judgement: Judgement, now: datetime) -> dict[str, Proof]:
    """What providers told of these logins, as if they said so for ever."""
    proofs = ((one.seen.fingerprint, one.proof) for one in judgement.verdicts)
    return {print_of: proof.lasting() for print_of, proof in proofs if print_of and proof and now < proof.lapses_at}


def _of(judgement: Judgement, key: str) -> Verdict | None:
    return next((verdict for verdict in judgement.verdicts if verdict.key == key), None)


def _answer(verdict: Verdict) -> tuple[object, ...]:
    return verdict.state, verdict.needs_human, verdict.usable, verdict.step, verdict.ground, verdict.weights
