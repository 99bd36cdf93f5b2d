"""What was told by providers, kept as one small fact of the history; a change of it stands among the transitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from alerts.serialization import flatten, revive
from monitor.history import known
from monitor.history.tables import TRANSITIONS
from monitor.model import ProbeResult, Verdict

#: With the id of the fingerprint key: several hosts may share a history, and each asks for its own.
NAME: Final = "proofs"

#: A login that was not asked about for this long is forgotten here.
KEPT: Final = timedelta(days=90)


def recall(connection: Connection, key_id: str) -> dict[str, ProbeResult]:
    """What is remembered, by fingerprint; nothing where the fingerprints were made with another key."""
    kept = known.get_meta(connection, f"{NAME} {key_id}")
    if not isinstance(kept, dict):
        return {}
    try:
        return {print_of: revive(ProbeResult, plain) for print_of, plain in kept.items()}
    except (ValueError, TypeError, KeyError, OverflowError):
        return {}  # it is asked again


def remember(
    connection: Connection, new: Mapping[str, ProbeResult], key_id: str, now: datetime
) -> dict[str, ProbeResult]:
    """Adds what was learned to what is remembered; returns all of it."""
    proofs = {print_of: one for print_of, one in recall(connection, key_id).items() if one.at > now - KEPT}
    proofs.update(new)
    known.put_meta(connection, f"{NAME} {key_id}", {print_of: flatten(one) for print_of, one in proofs.items()})
    return proofs


def last(connection: Connection, key_id: str, now: datetime) -> None:
    """Makes what is believed now be believed for good: for a copy of the history, in which nobody is asked again."""
    proofs = recall(connection, key_id)
    lasting = {print_of: one.lasting() for print_of, one in proofs.items() if now < one.lapses_at}
    if lasting:
        remember(connection, lasting, key_id, now)


def note(connection: Connection, verdicts: Iterable[Verdict], key_id: str, now: datetime) -> None:
    """Writes each answer that differs from the last noted one among the changes of its logins."""
    noted: dict[str, ProbeResult] = {}
    rows = []
    for verdict in verdicts:
        proof, print_of = verdict.proof, verdict.seen.fingerprint
        if proof is None or print_of is None or verdict.held or proof.noted is proof.answer:
            continue
        was = f" (was {proof.noted})" if proof.noted else ""
        rows.append(
            {
                "key": verdict.key,
                "at": now,
                "before": verdict.state.value,
                "after": verdict.state.value,
                "needs_human": verdict.needs_human.value,
                "note": f"{verdict.seen.credential.provider} was asked: {proof.answer}{was}",
            }
        )
        noted[print_of] = proof._replace(noted=proof.answer)
    if rows:
        connection.execute(TRANSITIONS.insert(), rows)
        remember(connection, noted, key_id, now)
