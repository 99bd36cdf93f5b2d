"""What changed since the last check, decided purely and then written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete

from monitor.history import known as known_rows
from monitor.history.tables import RENEWALS, TRANSITIONS
from monitor.model import (
    Evidence,
    Judgement,
    Need,
    Observation,
    Problem,
    Remembered,
    Renewal,
    State,
    Transition,
    Verdict,
)

#: What no refresh mends.
_DEAD: Final = (Evidence.REFUSED, Evidence.BLANKED)
_OVER: Final = (State.EXPIRED, State.REFUSED, State.MISSING)


class HistoryChanges(NamedTuple):
    """What a judgement adds to the history."""

    rows: Mapping[str, Remembered] = MappingProxyType({})
    gone: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    rotations: tuple[Renewal, ...] = ()


def changes(judgement: Judgement, known: Mapping[str, Remembered], now: datetime) -> HistoryChanges:
    """The rows, transitions and rotations that follow from a judgement; empty when nothing changed. Pure."""
    moved = dict(judgement.moved)
    came_from = {new: old for old, new in moved.items()}
    rows: dict[str, Remembered] = {}
    transitions, rotations = [], []
    for verdict in judgement.verdicts:
        key = verdict.key
        if verdict.seen.problem is Problem.NOT_CHECKED and key in known:
            rows |= _not_checked(verdict, known[key])
            if known[key].state is not State.UNKNOWN:
                note = str(Problem.NOT_CHECKED)
                transitions.append(Transition(key, now, known[key].state, State.UNKNOWN, verdict.needs_human, note))
        if verdict.held:
            continue
        before = known.get(key) or known.get(came_from.get(key, ""))
        after = _after(verdict, before, now)
        if before is None or key in came_from or not _alike(before, after):
            rows[key] = after
        if before is None or before.state is not after.state or key in came_from:
            note = f"moved from {came_from[key]}" if key in came_from else ""
            at = before.state if before else None
            transitions.append(Transition(key, now, at, verdict.state, verdict.needs_human, note))
        if before and after.rotated_at == now and after.rotated_at != before.rotated_at:
            seen = verdict.seen
            new = _new_login(before, seen)
            rotations.append(Renewal(key, now, new, seen.access_expires_at, seen.login_expires_at))
    rows |= {key: _unnamed(known[key]) for key in judgement.unnamed}
    gone = (*moved, *(seen.credential.key for seen in judgement.released))
    return HistoryChanges(rows, gone, tuple(transitions), tuple(rotations))


def write(connection: Connection, found: HistoryChanges, key_id: str) -> None:
    """Writes changes; nothing is written when there are none."""
    known_rows.write(connection, found.rows, key_id, found.gone)
    for table, entries in ((TRANSITIONS, found.transitions), (RENEWALS, found.rotations)):
        if entries:
            rows = [{name: getattr(entry, name) for name in entry._fields} for entry in entries]
            connection.execute(table.insert(), rows)


def prune(connection: Connection, now: datetime, keep: timedelta) -> None:
    """Drops transitions and rotations older than `keep`; profiles stay."""
    for table in (TRANSITIONS, RENEWALS):
        connection.execute(delete(table).where(table.c.at < now - keep))


def _not_checked(verdict: Verdict, before: Remembered) -> dict[str, Remembered]:
    """The row of a login that is not checked any more: as it was last known, but for its state; none if that is so."""
    if (before.state, before.needs_human) == (State.UNKNOWN, verdict.needs_human):
        return {}
    return {verdict.key: _kept(before)._replace(state=State.UNKNOWN, needs_human=verdict.needs_human)}


def _unnamed(before: Remembered) -> Remembered:
    """The row of a login that its program does not name any more: that its variables go says nothing of it."""
    kept = _kept(before)
    return kept._replace(observation=kept.observation._replace(through=()), established=False)


def _kept(before: Remembered) -> Remembered:
    """What is written with today's key although nothing was seen: a digest made with another key is left out."""
    if before.comparable:
        return before
    return before._replace(observation=before.observation._replace(fingerprint=None), comparable=True)


def _after(verdict: Verdict, before: Remembered | None, now: datetime) -> Remembered:
    seen = verdict.seen
    if before is None:
        return Remembered(
            observation=seen,
            state=verdict.state,
            needs_human=verdict.needs_human,
            deadline=verdict.deadline,
            first_seen_at=now,
            last_seen_at=now,
            fingerprint_since=now if seen.fingerprint else None,
            overused_at=verdict.overused_at,
        )
    row = before._replace(
        state=verdict.state,
        needs_human=verdict.needs_human,
        deadline=verdict.deadline,
        comparable=True,
    )
    if verdict.vanished or seen.evidence is Evidence.ABSENT:
        # What it was stays remembered, so that its coming back is recognised.
        return row
    if rotated(before, seen):
        new = _new_login(before, seen)
        row = row._replace(rotated_at=now, proven=bool(seen.refreshable) and not new, overused_at=None)
    if _other_secret(before, seen) or (before.fingerprint_since is None and seen.fingerprint):
        row = row._replace(fingerprint_since=now)
    if verdict.overused_at:
        row = row._replace(overused_at=verdict.overused_at)
    established = bool(seen.through) and seen.through == before.observation.through
    return row._replace(observation=seen, last_seen_at=now, established=established)


def rotated(before: Remembered, seen: Observation) -> bool:
    """Whether a renewal lies between two looks: another secret, the same with a later access expiry, or one after it
    was rejected or blanked. What is rejected or blanked now is none."""
    if not before.comparable or seen.evidence in _DEAD:
        return False
    old, new = before.observation.access_expires_at, seen.access_expires_at
    return _other_secret(before, seen) or bool(old and new and new > old)


def _other_secret(before: Remembered, seen: Observation) -> bool:
    old = before.observation
    dead = old.evidence in _DEAD and seen.evidence not in _DEAD  # it may have had no secret left
    known = before.comparable and seen.fingerprint and (old.fingerprint or dead)
    return bool(known and old.fingerprint != seen.fingerprint)


def _new_login(before: Remembered, new: Observation) -> bool:
    """Whether a person did it: by the login's own end where known, else because no program gets out of that alone."""
    old = before.observation
    if old.login_expires_at and new.login_expires_at:
        return new.login_expires_at > old.login_expires_at
    dead = before.needs_human is Need.NOW and before.state in _OVER
    return not new.refreshable or old.evidence in _DEAD or dead


def _alike(before: Remembered, after: Remembered) -> bool:
    """Equal but for what changes without news: when it was last looked at and last used."""
    old = before.observation.use
    use = after.observation.use._replace(last_used_at=old.last_used_at, session_at=old.session_at)
    observation = after.observation._replace(use=use)
    return after._replace(observation=observation, last_seen_at=before.last_seen_at) == before
