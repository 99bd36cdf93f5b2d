"""From a judgement to the conditions that people are told about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from alerts.model import Alert, Condition, How, Level, Login
from monitor.judge import wording
from monitor.judge.deadlines import deadline_of, labels_of
from monitor.judge.duplicates import copies, disagreements
from monitor.judge.evaluate import BLINDING
from monitor.judge.redundancy import ABOUT, fallbacks
from monitor.judge.remedies import cause_of, how_of
from monitor.judge.unreadable import Hidden
from monitor.model import Credential, Judgement, Need, Observation, Trouble, Verdict

_LEVELS: Final = {Need.NO: Level.FINE, Need.SOON: Level.SOON, Need.NOW: Level.NOW, Need.UNKNOWN: Level.SOON}


def conditions(
    judgement: Judgement,
    *,
    host: str,
    privacy: str,
    now: datetime,
    open_troubles: Iterable[tuple[str, Mapping[str, str]]] = (),
    open_fallbacks: Iterable[tuple[str, Mapping[str, str]]] = (),
    open_copies: Iterable[tuple[str, Mapping[str, str], str | None]] = (),
) -> tuple[Condition, ...]:
    """One condition a credential, one a trouble, and a fine one for each that is over; ignored ones give none.

    `privacy` "masked" shortens profile ids in labels and sentences. `open_troubles` are key and labels of the
    troubles that stand, of sources which this check looked at: what it did not meet again is over; `open_fallbacks`
    the same of what `fallbacks` gave, and `open_copies`, with the fingerprint, of what `copies` gave.
    """
    masked = privacy == "masked"
    cover = Hidden(judgement.troubles, (verdict.seen for verdict in judgement.verdicts))
    # The sources that failed whole, so that nothing is known of their stores.
    blind = {trouble.source for trouble in judgement.troubles if not trouble.host_path}
    found = dict(_troubles(judgement.troubles))
    for key, labels in open_troubles:
        if key not in found and labels.get("source", "") not in blind:
            found[key] = Condition(key, Level.FINE, labels, summary=_read_again(labels))
    for seen in judgement.released:
        found[seen.credential.key] = _released(seen, masked)
    for verdict in judgement.verdicts:
        if not verdict.ignored:
            unknown = verdict.needs_human is Need.UNKNOWN
            hidden = unknown and cover.hiding(verdict.seen) is not None
            found[verdict.key] = _credential(verdict, hidden, host if masked else None)
    found.update(fallbacks(judgement, masked=masked, open_before=open_fallbacks))
    found.update(copies(judgement, masked_on=host if masked else None, open_before=open_copies))
    found.update(disagreements(judgement, masked_on=host if masked else None))
    return tuple(found.values())


def unshown(seen: Iterable[Condition], alerts: Iterable[Alert], configured: Collection[str]) -> tuple[Condition, ...]:
    """The conditions, fine ones aside, that no row of logins or problems shows, worst first.

    Of what this check could not judge, and of channels, what stands counts: of those sources and channels that are
    `configured`.
    """
    conditions = {one.key: one for one in seen if about(one.labels)}
    found = [one for one in conditions.values() if one.level is not Level.FINE]
    for one in alerts:
        whose = about(one.labels)
        if whose in configured and one.key not in conditions and one.level is not Level.FINE:
            found.append(Condition(one.key, one.level, one.labels, summary=one.summary, remedy=one.remedy))
    return tuple(sorted(found, key=lambda one: (-one.level.rank, one.key)))


def about(labels: Mapping[str, str]) -> str:
    """The source or channel of a condition that no row of logins or problems shows; "" where one does."""
    return labels.get("channel", "") or (labels.get("source", "") if ABOUT in labels else "")


def trouble_key(trouble: Trouble) -> str:
    """The condition key of a trouble: `source/problem/store`, whatever ails the store today."""
    return f"{trouble.source}/problem/{trouble.store}"


def _credential(verdict: Verdict, hidden: bool, masked_on: str | None) -> Condition:
    seen, unknown = verdict.seen, verdict.needs_human is Need.UNKNOWN
    credential = seen.credential
    shown = credential if masked_on is None else _masked(credential)
    said = verdict.summary.removeprefix(wording.name(credential))
    remedy, how = verdict.remedy, how_of(verdict, verdict.remedy)
    if shown != credential and remedy:  # a command for one login names it
        remedy, how = "authwatch status", How.COMMAND
    return Condition(
        verdict.key,
        # An unreadable store is a condition of its own: what it hides says nothing more.
        Level.FINE if unknown and hidden else _LEVELS[verdict.needs_human],
        labels_of(shown),
        verdict.step,
        Login(
            seen.login_expires_at,
            seen.fingerprint,
            verdict.deadline or deadline_of(seen),
            verdict.expected.at if verdict.expected else None,
        ),
        doubt=unknown or verdict.vanished,
        held=unknown or verdict.held,
        summary=" ".join(filter(None, (wording.name(shown) + said, verdict.shared))),
        remedy=remedy,
        cause=cause_of(verdict),
        how=how,
    )


def _released(seen: Observation, masked: bool) -> Condition:
    shown = _masked(seen.credential) if masked else seen.credential
    summary = wording.sentence(shown, "is no longer expected")
    return Condition(seen.credential.key, Level.FINE, labels_of(shown), summary=summary)


def _masked(credential: Credential) -> Credential:
    return credential._replace(profile=wording.mask(credential.profile))


def _troubles(troubles: Iterable[Trouble]) -> Iterator[tuple[str, Condition]]:
    for trouble in troubles:
        if trouble.ignored:
            continue
        key = trouble_key(trouble)
        labels = {"source": trouble.source, "problem": str(trouble.problem), "store": trouble.store}
        where = f"{trouble.store} ({trouble.source})" if trouble.store else trouble.source
        verb = "could not be read" if trouble.problem in BLINDING else "needs attention"
        summary = f"{where} {verb}: {trouble.detail} ({trouble.problem})."
        yield key, Condition(key, Level.SOON, labels, doubt=True, summary=summary, remedy="authwatch doctor")


def _read_again(labels: Mapping[str, str]) -> str:
    return f"{labels.get('store') or labels.get('source', 'the source')} can be read again."
