"""The page of one login: what to do, when it expires, what serves in its stead, why it is judged so (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from shlex import quote
from typing import Any, Final
from urllib.parse import quote as encoded

from alerts.timefmt import parse, span
from monitor.check.status import mark_of
from monitor.judge.rules import ROWS
from monitor.model import Rule
from monitor.serve.page.axis import Stretch, ahead, stretches
from monitor.serve.page.rows import AxisMark
from monitor.serve.page.words import (
    STATES,
    STATUS,
    Profile,
    ReaderClock,
    Remedy,
    expected,
    expiry,
    link,
    name,
    need,
)

BACK: Final = timedelta(days=30)
SHOWN: Final = 40  # changes
OTHERWISE: Final = ROWS[Rule.FINE].evidence

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoginDate:
    """One date of a login: what happens then, and when."""

    what: str
    when: str


@dataclass(frozen=True, slots=True)
class LoginPlace:
    """One place from which its program may take a login; `mine` is the login of the page."""

    name: str
    link: str
    mine: bool
    need: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """The places for one provider of one agent, the strongest first where they are in an order."""

    title: str
    places: tuple[LoginPlace, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a login became, and when."""

    when: str
    need: str
    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts were read, and the facts: name, value, how sure and why so."""

    name: str
    facts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class LoginPage:
    """All of one login; `query` is its key for an address. `rule` and `sources` are empty where no evidence was kept;
    `explain` is the command that tells more than fits here."""

    query: str
    name: str
    need: str
    status: str
    sentence: str
    why: tuple[str, ...]
    remedy: Remedy
    muted: tuple[str, ...]
    alerts: tuple[str, ...]
    marks: tuple[AxisMark, ...]
    renews: bool
    past: tuple[Stretch, ...]
    dates: tuple[LoginDate, ...]
    ladders: tuple[Ladder, ...]
    history: tuple[Change, ...]
    rule: str
    sure: str
    weights: tuple[str, ...]
    sources: tuple[Source, ...]
    explain: str
    back: int


def login_page(
    key: str, shown: Document, overview: Document, evidence: Document, clock: ReaderClock
) -> LoginPage | None:
    """The page of a key; None where the last check found no such login."""
    one = next((profile for profile in shown["profiles"] if profile["key"] == key), None)
    if one is None:
        return None
    kept = evidence.get("logins", {}).get(key, {})
    changes = [change for change in overview.get("changes", ()) if change["key"] == key]
    guess = next((each for each in overview.get("estimates", ()) if each["key"] == key), None)
    number, rule = kept.get("rule", (0, ""))
    return LoginPage(
        encoded(key, safe="", errors="replace"),
        name(one),
        need(one),
        mark_of(one),
        clock.told(one["because"][0]) if one["because"] else _sentence(one, clock),
        (*(clock.told(each) for each in one["because"][1:]), *([expected(guess, clock)] if guess else [])),
        Remedy(str(one["remedy"])),
        tuple(word for word in ("ignored", "acknowledged", "silenced") if one[word]),
        tuple(clock.told(each["summary"]) for each in overview.get("alerts", ()) if each["key"] == key),
        tuple(_marks(one, guess, kept.get("steps", ()), clock)),
        bool(one["refreshable"] and not one["deadline"] and one["state"] != "refused"),
        stretches(changes, (one["state"], one["needs_human"]), clock.now, BACK, clock.zone),
        tuple(_dates(one, guess, clock)),
        tuple(_ladder(each, key, shown["profiles"], clock) for each in kept.get("lineups", ())),
        tuple(_change(change, clock) for change in changes[: -SHOWN - 1 : -1]),
        _rule(number, rule) if rule else "",
        clock.told(f"{one['confidence']}: {kept['sure']}") if kept.get("sure") else "",
        tuple(kept.get("weights", ())),
        tuple(_sources(kept.get("facts", ()), clock)),
        f"authwatch explain {quote(key)}",
        BACK.days,
    )


def _rule(number: int, evidence: str) -> str:
    return f"Rule {number} applies: {'none of those before it does' if evidence == OTHERWISE else evidence}."


def _sentence(one: Profile, clock: ReaderClock) -> str:
    rough, exact = expiry(one, clock)
    state = STATES[one["state"]]
    words = f"{rough} ({exact})" if exact else rough
    return f"{state}; {words}" if one["state"] in ("refused", "missing", "unknown") and rough != state else words


def _dates(one: Profile, guess: Document | None, clock: ReaderClock) -> Iterator[LoginDate]:
    """Every moment that is known of it, as they come."""
    past = {"access_expires_at": "access expired", "login_expires_at": "login expired", "deadline": "was due"}
    words = {
        "last_rotated_at": "last renewed",
        "last_used_at": "last used",
        "access_expires_at": "access expires",
        "login_expires_at": "login expires",
        "deadline": "act before",
    }
    known = [(at, field) for field in words if (at := parse(one[field]))]
    for at, field in sorted(known, key=lambda pair: pair[0]):
        what = past.get(field, words[field]) if at <= clock.now else words[field]
        yield LoginDate(what, clock.when(one[field]))
    if guess:
        logins = f"estimated from {guess['logins']} past log-ins"
        yield LoginDate("estimate", f"{expected(guess, clock)} ({logins})")


def _marks(one: Profile, guess: Document | None, steps: Sequence[int], clock: ReaderClock) -> Iterator[AxisMark]:
    """What lies ahead, the least important first, for later ones lie on top."""
    deadline = parse(one["deadline"])
    for step in steps:
        at = deadline - timedelta(seconds=step) if deadline else None
        if at and at > clock.now:
            title = f"first alert {span(timedelta(seconds=step))} ahead: {clock.exact(at)}"
            yield AxisMark(ahead(at - clock.now), "soon", True, title, "step")
    for field, word in (("access_expires_at", "access"), ("login_expires_at", "login")):
        at = parse(one[field])
        if at and at != deadline:
            verb = "expires" if at > clock.now else "expired"
            yield AxisMark(ahead(at - clock.now), "no", True, f"{word} {verb} {clock.exact(at)}", "lesser")
    if guess and (at := parse(guess["at"])):
        yield AxisMark(ahead(at - clock.now), "no", False, expected(guess, clock), "estimate")
    if deadline:
        verb = "expires" if deadline > clock.now else "expired"
        title = f"{verb} {clock.exact(deadline)}"
        yield AxisMark(ahead(deadline - clock.now), need(one), bool(one["usable"]), title)


_STANDINGS: Final = {
    "serves": "serves",
    "behind": "not in use: a place above it serves",
    "passed": "skipped",
    "empty": "empty",
}


def _ladder(lineup: Document, key: str, profiles: Sequence[Profile], clock: ReaderClock) -> Ladder:
    known = {one["key"]: one for one in profiles}
    agent = f" for agent {lineup['agent']}" if lineup["agent"] != "-" else ""
    order = "" if lineup["ordered"] else ", in no set order"
    places = tuple(_place(one, key, known.get(one["key"]), clock) for one in lineup["places"])
    return Ladder(f"{lineup['provider']}{agent}{order}", places, lineup["more"])


def _place(place: Document, key: str, one: Profile | None, clock: ReaderClock) -> LoginPlace:
    words = [place["note"] or _STANDINGS.get(place["standing"], "")]
    if one and place["standing"] in ("", "serves"):
        rough, exact = expiry(one, clock)
        words.append(f"{rough} ({exact})" if exact else rough)
    elif not one and not place["standing"]:
        words.append("key in the environment or the config")
    called = one["profile"] if one else place["key"]
    return LoginPlace(
        " · ".join(filter(None, (place["place"], called))),
        link(place["key"]) if one and place["key"] != key else "",
        bool(place["key"]) and place["key"] == key,
        need(one) if one else "",
        mark_of(one) if one else "",
        "; ".join(filter(None, words)),
    )


def _change(change: Document, clock: ReaderClock) -> Change:
    before = f", was {_state(change['before'])}" if change["before"] else ", first seen"
    return Change(
        clock.when(change["at"]),
        change["needs_human"],
        STATUS.get(change["needs_human"], "?"),
        f"{_state(change['after'])}{before}",
    )


def _state(state: str) -> str:
    return "expiring soon" if state == "expiring" else STATES.get(state, state)


def _sources(facts: Sequence[Sequence[str]], clock: ReaderClock) -> Iterator[Source]:
    for where, found in groupby(facts, key=lambda fact: fact[2]):
        rows = ((fact[0], clock.told(fact[1]), clock.told(f"{fact[3]}: {fact[4]}")) for fact in found)
        yield Source(where, tuple(rows))
