"""The rows of the page: every provider of every agent, with its logins on the axis ahead (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.timefmt import date, moment, parse, relative
from monitor.serve.page.axis import ahead
from monitor.serve.page.headline import Remedy

Profile = Mapping[str, Any]

RANKS: Final = {"now": 0, "unknown": 1, "soon": 2, "no": 3}
ANSWERS: Final = {"now": "act now", "unknown": "cannot tell", "soon": "act soon", "no": "fine"}
STATES: Final = {
    "ok": "is fine",
    "expiring": "ends soon",
    "expired": "has ended",
    "refused": "was rejected",
    "static": "states no end",
    "missing": "is missing",
    "opaque": "cannot be looked into",
    "unknown": "cannot be judged",
}


@dataclass(frozen=True, slots=True)
class AxisMark:
    """A deadline on the axis."""

    x: float
    need: str
    usable: bool
    title: str


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One login in the list beneath its provider."""

    key: str
    profile: str
    kind: str
    need: str
    state: str
    when: str
    why: str
    remedy: Remedy
    store: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider of one agent, or of one program without agents: then `source` says which."""

    source: str
    provider: str
    need: str
    answer: str
    when: str
    exact: str
    marks: tuple[AxisMark, ...]
    renews: bool
    usable: int
    total: int
    next: str
    logins: tuple[LoginRow, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One agent of one program; without a source: the programs that have no agents."""

    source: str
    agent: str
    rows: tuple[ProviderRow, ...]


def groups(status: Mapping[str, Any], now: datetime) -> tuple[Group, ...]:
    """Every agent with its providers, whoever needs somebody first."""
    logins: dict[tuple[str, str, str], list[Profile]] = defaultdict(list)
    for one in status["profiles"]:
        logins[one["source"], one["agent"], one["provider"]].append(one)
    found: dict[tuple[str, str], list[ProviderRow]] = defaultdict(list)
    for view in status["providers"]:
        place = (view["source"], view["agent"], view["provider"])
        agent = place[:2] if view["agent"] != "-" else ("", "")
        found[agent].append(_row(view, logins.get(place, []), now))
    made = [Group(source, agent, _sorted(rows)) for (source, agent), rows in found.items()]
    return tuple(sorted(made, key=lambda one: (RANKS[one.rows[0].need], not one.source, one.source, one.agent)))


def _sorted(rows: Iterable[ProviderRow]) -> tuple[ProviderRow, ...]:
    return tuple(sorted(rows, key=lambda row: (RANKS[row.need], row.answer == "unused", row.source, row.provider)))


def _row(view: Mapping[str, Any], profiles: Sequence[Profile], now: datetime) -> ProviderRow:
    need = str(view["needs_human"])
    answer = ANSWERS[need] if need != "no" or view["in_use"] else "unused"
    decisive = _decisive(profiles)
    return ProviderRow(
        view["source"] if view["agent"] == "-" else "",
        view["provider"],
        need,
        "ignored" if profiles and all(one["ignored"] for one in profiles) else answer,
        *(_when(decisive, now) if decisive else ("by a key in the environment", "")),
        marks=tuple(_mark(one, now) for one in profiles if one["deadline"]),
        renews=any(one["refreshable"] and not one["deadline"] and one["state"] != "refused" for one in profiles),
        usable=view["usable"],
        total=view["total"],
        next=view["next"] or "",
        logins=tuple(_login(one, now) for one in profiles),
    )


def _decisive(profiles: Sequence[Profile]) -> Profile | None:
    """The login that the row speaks of: the one that needs somebody most, then the one that ends first."""
    return min(
        (one for one in profiles if not one["ignored"]),
        key=lambda one: (RANKS[one["needs_human"]], one["deadline"] is None, str(one["deadline"])),
        default=profiles[0] if profiles else None,
    )


def _when(one: Profile, now: datetime) -> tuple[str, str]:
    """When a login ends, roughly and exactly."""
    ends = parse(one["deadline"])
    if ends:
        return f"{'ends' if ends > now else 'ended'} {relative(ends, now)}", moment(ends, now)
    if one["state"] == "ok" and one["refreshable"]:
        return "renews itself", ""
    if one["state"] == "expired" and one["refreshable"] and one["needs_human"] == "no":
        return "renews at its next use", ""
    return STATES[one["state"]], ""


def _mark(one: Profile, now: datetime) -> AxisMark:
    ends = parse(one["deadline"]) or now
    verb = "ends" if ends > now else "ended"
    return AxisMark(ahead(ends - now), _shown(one), bool(one["usable"]), f"{one['profile']} {verb} {date(ends, now)}")


def _login(one: Profile, now: datetime) -> LoginRow:
    rough, exact = _when(one, now)
    return LoginRow(
        one["key"],
        one["profile"],
        one["kind"],
        _shown(one),
        "ignored" if one["ignored"] else STATES[one["state"]],
        f"{rough} ({exact})" if exact else rough,
        "; ".join(one["because"]),
        Remedy(str(one["remedy"])),
        one["store"],
    )


def _shown(one: Profile) -> str:
    return "no" if one["ignored"] else str(one["needs_human"])
