"""The status document: what `status --json` prints, what a check leaves, and what every screen is drawn from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any, Final

from alerts.model import Condition
from alerts.timefmt import iso
from monitor.model import OURSELVES, Judgement, Need, ProbeResult, ProviderView, Remembered, State, Trouble, Verdict

SCHEMA: Final = 1

#: Exit codes of `check`, from the one that loses to the one that wins.
_CODES: Final = {Need.NO: 0, Need.SOON: 2, Need.UNKNOWN: 3, Need.NOW: 1}
_RANKS: Final = tuple(_CODES.values())

#: The labels by which a person narrows what is printed.
FILTERS: Final = ("source", "agent", "provider", "profile")

#: A status document, as the contract describes it.
Document = Mapping[str, Any]


def document(
    judgement: Judgement,
    *,
    at: datetime,
    host: str,
    acknowledged: Collection[str] = (),
    silenced: Collection[str] = (),
    known: Mapping[str, Remembered] | None = None,
    findings: Sequence[Condition] = (),
    ignored: Collection[str] = (),
    sources: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> dict[str, Any]:
    """The contract's schema 1. `acknowledged`, `silenced` and `ignored` are keys, `known` the history by key, `sources`
    the types of the configured sources by id, `timezone` the clock of who reads (None: the machine's). `verified_at`
    is last: a check that finds nothing changed moves it in place (`monitor.check.gate`)."""
    memory = known or {}
    verdicts = sorted(judgement.verdicts, key=lambda verdict: verdict.key)
    unread = judgement.unread
    made = {
        "schema": SCHEMA,
        "at": iso(at),
        "host": host,
        **({"timezone": timezone} if timezone else {}),
        "exit_code": 0,
        "profiles": [
            {
                **_profile(verdict, memory.get(verdict.key), at),
                "acknowledged": verdict.key in acknowledged,
                "silenced": verdict.key in silenced,
            }
            for verdict in verdicts
        ],
        "providers": [_provider(view) for view in judgement.providers],
        "problems": [_problem(trouble) for trouble in judgement.troubles],
        "findings": [_finding(one, one.key in ignored) for one in findings],
        "sources": [
            {"id": name, "type": kind, "up": name not in unread} for name, kind in sorted((sources or {}).items())
        ],
        "verified_at": iso(at.replace(microsecond=0)),
    }
    return {**made, "exit_code": exit_code(made)}


def zone(shown: Document) -> tzinfo | None:
    """The clock of whoever reads this document: the config's, else (None) the machine's."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(shown["timezone"]) if shown.get("timezone") else None
    except (ValueError, KeyError, OSError):  # a machine without that zone's data
        return None


def written(shown: Document) -> Iterator[str]:
    """A document as JSON, in parts: a list of all its words would take many times its size."""
    words = json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(shown)
    while part := "".join(islice(words, 10_000)):
        yield part


def exit_code(shown: Document) -> int:
    """0 nobody has to act, 1 now, 2 soon, 3 could not determine; 1 wins over 3, 3 over 2.

    What is ignored does not count, nor does a finding about a channel: it is nothing that a login needs.
    """
    return max((_CODES[need] for need in needs(shown)), key=_RANKS.index, default=0)


def needs(shown: Document) -> list[Need]:
    """What a person has to do about each login, problem and finding that counts."""
    found = [Need(one["needs_human"]) for one in shown["profiles"] if not one["ignored"]]
    found += [Need.UNKNOWN for one in shown["problems"] if not one["ignored"]]
    found += [need_of(one) for one in shown["findings"] if counts(one)]
    return found


#: The one vocabulary on the left of a row, by what a login needs; and for what nobody has to know of: not in use,
#: ignored, missed by nobody, or stored where it cannot be read.
MARKS: Final = {Need.NOW: "NOW", Need.SOON: "SOON", Need.UNKNOWN: "?", Need.NO: "ok"}
ASIDE: Final = "–"


def mark_of(profile: Document) -> str:
    """The word on the left of a login."""
    need = Need(profile["needs_human"])
    aside = profile["ignored"] or (
        need is Need.NO and (profile["state"] in (State.MISSING, State.OPAQUE) or not profile["in_use"])
    )
    return ASIDE if aside else MARKS[need]


def counts(finding: Document) -> bool:
    """Whether a finding counts in the exit code."""
    return not finding["ignored"] and "channel" not in finding["labels"]


def need_of(finding: Document) -> Need:
    """What a person has to do about a finding: its level, `info` being nothing."""
    return Need.NO if finding["level"] == "info" else Need(finding["level"])


def narrowed(shown: Document, filters: Mapping[str, str]) -> Document:
    """The part of a document that the filters let through, with the exit code of that part.

    A problem is of a source, not of one agent or provider, so only a source hides it; our own problems stay.
    """
    if not filters:
        return shown

    def meant(facts: Mapping[str, Any]) -> bool:
        return all(facts.get(name, value) == value for name, value in filters.items())

    part = {
        **shown,
        "profiles": [one for one in shown["profiles"] if meant(one)],
        "providers": [one for one in shown["providers"] if meant(one)],
        "problems": [
            one for one in shown["problems"] if one["source"] == OURSELVES or meant({"source": one["source"]})
        ],
        "findings": [one for one in shown["findings"] if "channel" not in one["labels"] and meant(one["labels"])],
        "sources": [one for one in shown["sources"] if meant({"source": one["id"]})],
    }
    return {**part, "exit_code": exit_code(part)}


def values(shown: Document, name: str) -> set[str]:
    """Every value of a filter that something in the document has."""
    found = {one[name] for one in shown["profiles"]}
    if name != "profile":
        found |= {one[name] for one in shown["providers"]} | {one["labels"].get(name, "") for one in shown["findings"]}
    if name == "source":
        found |= {one["source"] for one in shown["problems"]} | {one["id"] for one in shown["sources"]}
    return found - {""}


def _profile(verdict: Verdict, known: Remembered | None, at: datetime) -> dict[str, Any]:
    seen, credential = verdict.seen, verdict.seen.credential
    over = seen.login_expires_at is not None and seen.login_expires_at <= at
    return {
        "key": verdict.key,
        "source": credential.source,
        "agent": credential.agent,
        "provider": credential.provider,
        "profile": credential.profile,
        "kind": str(credential.kind),
        "state": str(verdict.state),
        "needs_human": str(verdict.needs_human),
        "confidence": str(verdict.confidence),
        "access_expires_at": iso(seen.access_expires_at),
        "login_expires_at": iso(seen.login_expires_at),
        "deadline": iso(verdict.deadline),
        # No refresh works after the login's end, whatever the store still holds.
        "refreshable": False if over and seen.refreshable else seen.refreshable,
        "usable": verdict.usable,
        "in_use": verdict.in_use,
        "last_used_at": iso(seen.use.last_used_at),
        "last_rotated_at": iso(verdict.rotated_at or (known.rotated_at if known else None)),
        "problem": str(seen.problem) if seen.problem else None,
        "because": list(verdict.because),
        "summary": verdict.summary,
        "remedy": verdict.remedy,
        "store": seen.store,
        "ignored": verdict.ignored,
        **({"probe": probed(verdict.proof)} if verdict.proof else {}),
    }


def probed(proof: ProbeResult) -> dict[str, Any]:
    """What a provider said when it was asked; `refusals` counts those in a row."""
    return {
        "outcome": str(proof.answer),
        "at": iso(proof.at),
        "refusals": proof.refusals,
        "valid_at": iso(proof.valid_at),
        "expires_at": iso(proof.expires_at),
        "credit": proof.credit,
        "note": proof.note,
    }


def _provider(view: ProviderView) -> dict[str, Any]:
    return {
        "source": view.source,
        "agent": view.agent,
        "provider": view.provider,
        "usable": view.usable,
        "total": view.total,
        "next": view.next,
        "in_use": view.in_use,
        "needs_human": str(view.needs_human),
    }


def _problem(trouble: Trouble) -> dict[str, Any]:
    return {
        "source": trouble.source,
        "problem": str(trouble.problem),
        "store": trouble.store,
        "detail": trouble.detail,
        "ignored": trouble.ignored,
    }


def _finding(condition: Condition, ignored: bool) -> dict[str, Any]:
    return {
        "key": condition.key,
        "level": condition.level.value,
        "labels": dict(condition.labels),
        "summary": condition.summary,
        "remedy": condition.remedy,
        "ignored": ignored,
    }
