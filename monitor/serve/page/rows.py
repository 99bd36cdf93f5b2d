"""The rows of the page: every provider of every agent, with its logins on the axis ahead (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerts.timefmt import date, parse
from monitor.check.status import ASIDE, mark_of
from monitor.serve.page.axis import ahead
from monitor.serve.page.words import (
    STATES,
    STATUS,
    Profile,
    ReaderClock,
    Remedy,
    expected,
    expiry,
    link,
    need,
    program_of,
)

RANKS: Final = {"now": 0, "unknown": 1, "soon": 2, "no": 3}

Estimates = Mapping[str, Mapping[str, Any]]  # by the key of a login


@dataclass(frozen=True, slots=True)
class AxisMark:
    """A moment on the axis; `kind` is deadline, estimate or, on the page of one login, something lesser."""

    x: float
    need: str
    usable: bool
    title: str
    kind: str = "deadline"


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One login in the list beneath its provider."""

    link: str
    profile: str
    kind: str
    need: str
    status: str
    when: str
    why: str
    remedy: Remedy
    store: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider of one agent, or of one program without agents: then `program` says which."""

    program: str
    provider: str
    need: str
    status: str
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
    """One agent of one program; without a program: those that have no agents."""

    program: str
    agent: str
    rows: tuple[ProviderRow, ...]


def groups(shown: Mapping[str, Any], estimates: Estimates, clock: ReaderClock) -> tuple[Group, ...]:
    """Every agent with its providers, whoever needs somebody first."""
    logins: dict[tuple[str, str, str], list[Profile]] = defaultdict(list)
    for one in shown["profiles"]:
        logins[one["source"], one["agent"], one["provider"]].append(one)
    found: dict[tuple[str, str], list[ProviderRow]] = defaultdict(list)
    for view in shown["providers"]:
        place = (view["source"], view["agent"], view["provider"])
        agent = place[:2] if view["agent"] != "-" else ("", "")
        found[agent].append(_row(view, logins.get(place, []), estimates, clock))
    made = [
        Group(program_of(source) if source else "", agent, _sorted(rows)) for (source, agent), rows in found.items()
    ]
    return tuple(sorted(made, key=lambda one: (RANKS[one.rows[0].need], not one.program, one.program, one.agent)))


def _sorted(rows: Iterable[ProviderRow]) -> tuple[ProviderRow, ...]:
    return tuple(sorted(rows, key=lambda row: (RANKS[row.need], row.status == ASIDE, row.program, row.provider)))


def _row(view: Mapping[str, Any], profiles: Sequence[Profile], estimates: Estimates, clock: ReaderClock) -> ProviderRow:
    wants = str(view["needs_human"])
    ignored = bool(profiles) and all(one["ignored"] for one in profiles)
    idle = ignored or (wants == "no" and not view["in_use"])
    rough, exact = _when(profiles, estimates, clock)
    if idle:
        rough, exact = "ignored" if ignored else "not in use", rough
    guessed = {one["key"]: estimates[one["key"]] for one in profiles if one["key"] in estimates}
    return ProviderRow(
        program_of(view["source"]) if view["agent"] == "-" else "",
        view["provider"],
        wants,
        ASIDE if idle else STATUS[wants],
        rough,
        exact,
        marks=(*(_mark(one, clock) for one in profiles if one["deadline"]), *_guesses(profiles, guessed, clock)),
        renews=any(one["refreshable"] and not one["deadline"] and one["state"] != "refused" for one in profiles),
        usable=view["usable"],
        total=view["total"],
        next=view["next"] or "",
        logins=tuple(_login(one, guessed.get(one["key"]), clock) for one in profiles),
    )


def _decisive(profiles: Sequence[Profile]) -> Profile | None:
    """The login that the row speaks of: the one that needs somebody most, then the one that expires first."""
    return min(
        (one for one in profiles if not one["ignored"]),
        key=lambda one: (RANKS[one["needs_human"]], one["deadline"] is None, str(one["deadline"])),
        default=profiles[0] if profiles else None,
    )


def _when(profiles: Sequence[Profile], estimates: Estimates, clock: ReaderClock) -> tuple[str, str]:
    """When the login that decides expires, roughly and exactly; what is expected where nothing is known exactly."""
    one = _decisive(profiles)
    if one is None:
        return "key in the environment or the config", ""
    rough, exact = expiry(one, clock)
    guess = estimates.get(one["key"])
    return rough, exact or (expected(guess, clock) if guess else "")


def _mark(one: Profile, clock: ReaderClock) -> AxisMark:
    at = parse(one["deadline"]) or clock.now
    verb = "expires" if at > clock.now else "expired"
    title = f"{one['profile']} {verb} {date(at, clock.now, clock.zone)}"
    return AxisMark(ahead(at - clock.now), need(one), bool(one["usable"]), title)


def _guesses(profiles: Sequence[Profile], guessed: Estimates, clock: ReaderClock) -> Iterable[AxisMark]:
    for one in profiles:
        if guess := guessed.get(one["key"]):
            at = parse(guess["at"]) or clock.now
            title = f"{one['profile']}: {expected(guess, clock)}"
            yield AxisMark(ahead(at - clock.now), "no", False, title, "estimate")


def _login(one: Profile, guess: Mapping[str, Any] | None, clock: ReaderClock) -> LoginRow:
    rough, exact = expiry(one, clock)
    when = f"{rough} ({exact})" if exact else rough
    if rough != STATES[one["state"]] and one["state"] in ("refused", "missing", "unknown"):
        when = f"{STATES[one['state']]}; {when}"
    return LoginRow(
        link(one["key"]),
        one["profile"],
        one["kind"],
        need(one),
        mark_of(one),
        f"{when}; {expected(guess, clock)}" if guess else when,
        clock.told("; ".join(one["because"])),
        Remedy(str(one["remedy"])),
        one["store"],
    )
