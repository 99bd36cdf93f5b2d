"""What a look means, written into an open history, and what is to be said of it: one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from alerts import notify, store
from alerts.model import Condition
from alerts.offline import loads
from monitor.check.assess import CheckContext, findings, found
from monitor.history import changes, probe_results, queries
from monitor.history import known as known_rows
from monitor.history.engine import Connection, hold
from monitor.judge.forecast import unstated
from monitor.judge.refresh import in_question
from monitor.model import Judgement, Remembered

#: The id of the last `Offline` that was brought home.
OFFLINE: Final = "offline"
PRUNE_EVERY: Final = timedelta(days=1)


class Recorded(NamedTuple):
    """What was known before, what the look means, what is to be said, what no row of logins or problems shows."""

    known: dict[str, Remembered]
    judgement: Judgement
    plan: notify.Plan
    findings: tuple[Condition, ...]


def remembered(db: Connection, this: CheckContext, about: str = "") -> dict[str, Remembered]:
    """What the history knows, with past renewals and log-ins of those for which they count, and those of `about`."""
    known = known_rows.read(db, this.host.key_id, this.state.found_again())
    renewals = queries.rotations(db, in_question(this.findings, known) | ({about} & {*known}))
    logins = queries.logins(db, unstated(known))
    for key in {*renewals, *logins}:
        known[key] = known[key]._replace(rotations=renewals.get(key, ()), logins=logins.get(key, ()))
    return known


def recorded(db: Connection, this: CheckContext) -> Recorded:
    """One transaction: everything that follows from the look, up to the attempts that are about to be made."""
    hold(db)
    kept = loads(this.state.kept_offline())
    if kept.id and kept.id != known_rows.get_meta(db, OFFLINE):
        store.bring_home(db, kept)
        known_rows.put_meta(db, OFFLINE, kept.id)
    known = remembered(db, this)
    judgement = this.judged(known, probe_results.recall(db, this.host.key_id))
    known_rows.establish(db, known, this.state.found_again())
    changes.write(db, changes.changes(judgement, known, this.now), this.host.key_id)
    probe_results.note(db, judgement.verdicts, this.host.key_id, this.now)
    seen = found(this, judgement, store.recall(db))
    labels = {condition.key: condition.labels for condition in seen}
    for old, new in judgement.moved:
        store.move(db, old, new, labels.get(new, {}))
    before = store.recall(db)
    plan = notify.plan(notify.past(before, this.now), seen, this.channels, this.rules, this.now)
    ignored = [verdict.key for verdict in judgement.verdicts if verdict.ignored and verdict.key in before.alerts]
    store.commit(db, before, plan.memory, ignored)
    _prune(db, this)
    return Recorded(known, judgement, plan, findings(this, seen, plan.memory))


def _prune(db: Connection, this: CheckContext) -> None:
    last = known_rows.get_moment(db, "pruned_at")
    if last and last > this.now - PRUNE_EVERY:
        return
    changes.prune(db, this.now, this.settings.history_keep)
    store.prune(db, this.now, this.settings.history_keep)
    known_rows.put_meta(db, "pruned_at", this.now.isoformat())
