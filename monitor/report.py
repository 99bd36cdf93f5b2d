"""A judgement as the document of `authwatch status --json`, and as an exit code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from monitor.model import Judgement, Need, ProviderView, Remembered, Trouble, Verdict
from monitor.proof import Proof

SCHEMA: Final = 1

#: Exit codes of `check`, from the one that loses to the one that wins.
_CODES: Final = {Need.NO: 0, Need.SOON: 2, Need.UNKNOWN: 3, Need.NOW: 1}
_RANKS: Final = tuple(_CODES.values())


def document(
    judgement: Judgement,
    *,
    at: datetime,
    host: str,
    acknowledged: Collection[str] = (),
    silenced: Collection[str] = (),
    known: Mapping[str, Remembered] | None = None,
) -> dict[str, Any]:
    """The contract's schema 1. `acknowledged` and `silenced` are keys, `known` the history by key."""
    memory = known or {}
    verdicts = sorted(judgement.verdicts, key=lambda verdict: verdict.key)
    return {
        "schema": SCHEMA,
        "at": iso(at),
        "host": host,
        "exit_code": exit_code(judgement),
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
    }


def exit_code(judgement: Judgement) -> int:
    """0 nobody has to act, 1 now, 2 soon, 3 could not determine; 1 wins over 3, 3 over 2. Ignored ones do not count."""
    codes = {_CODES[verdict.needs_human] for verdict in judgement.verdicts if not verdict.ignored}
    if any(not trouble.ignored for trouble in judgement.troubles):
        codes.add(_CODES[Need.UNKNOWN])
    return max(codes, key=_RANKS.index, default=0)


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC with Z, to the millisecond where it has any."""
    if moment is None:
        return None
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


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


def probed(proof: Proof) -> dict[str, Any]:
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
    }
