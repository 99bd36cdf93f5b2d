"""The words that every part of the page uses: names, states, moments on the reader's clock, what to do (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from alerts.names import program
from alerts.timefmt import date, for_reader, moment, on_clock, parse, relative, span, when
from monitor.check.status import MARKS
from monitor.judge.wording import called
from monitor.model import Credential, Kind

Profile = Mapping[str, Any]

#: The words on the left of a row by what it needs, and what they are called aloud.
STATUS: Final = {str(need): mark for need, mark in MARKS.items()}
ALOUD: Final = {"?": "unknown", "–": "not in use or ignored"}
STATES: Final = {
    "ok": "ok",
    "expiring": "expires soon",
    "expired": "expired",
    "refused": "rejected",
    "static": "no expiry date",
    "missing": "missing",
    "opaque": "stored where authwatch cannot read it",
    "unknown": "unknown",
}
_ASIDE: Final = " (if "


class ReaderClock(NamedTuple):
    """The reader's clock: the present, and the zone to name moments in (None: the machine's)."""

    now: datetime
    zone: tzinfo | None

    def told(self, text: str) -> str:
        """A kept sentence for the reader."""
        return for_reader(text, self.now, self.zone)

    def exact(self, at: datetime) -> str:
        """`Sat 28 Nov, 17:05 CET`: what stands beside a distance; the year where it is another."""
        return f"{moment(at, self.now, self.zone)} {on_clock(at, self.zone).tzname()}"

    def when(self, text: str | None) -> str:
        """A moment of a document, near ones with their distance first; "" where there is none."""
        at = parse(text)
        return when(at, self.now, self.zone) if at else ""

    def checked(self, at: datetime) -> str:
        """When a check was: `14:07 CET (just now)`, with the day where it is not today's."""
        same = on_clock(at, self.zone).date() == on_clock(self.now, self.zone).date()
        clock = f"{on_clock(at, self.zone):%H:%M %Z}" if same else self.exact(at)
        distance = relative(at, self.now)
        return f"{clock} ({'just now' if distance == 'now' else distance})"

    def by(self, at: datetime) -> str:
        """The day of a deadline ahead, with the hour where that is near: `17:05 today`, `Sat 28 Nov`."""
        here = on_clock(at, self.zone)
        near = {0: "today", 1: "tomorrow"}.get((here.date() - on_clock(self.now, self.zone).date()).days)
        return f"{here:%H:%M} {near}" if near else date(at, self.now, self.zone)


class Remedy:
    """What there is to do, in two parts: the `command` to copy ("" where only words help) and the `words` beside it."""

    __slots__ = ("command", "words")

    def __init__(self, text: str) -> None:
        first = text.partition("\n")[0].split(_ASIDE, maxsplit=1)[0]
        self.command = "" if first.endswith(".") else first  # advice is a sentence, with its full stop
        self.words = " ".join(text.removeprefix(self.command).split())


def name(profile: Profile) -> str:
    """What a person calls a login: `anthropic:default (OpenClaw, agent main)`."""
    source, agent, provider, shown = (str(profile[one]) for one in ("source", "agent", "provider", "profile"))
    return called(Credential(source, agent, provider, shown, Kind(profile["kind"])))


def link(key: str) -> str:
    """Where the page of a login lies, seen from the front page."""
    return f"login/{quote(key, safe='/:@', errors='replace')}"


def program_of(source: str) -> str:
    """What people call the program of a source, or what it is where it is none."""
    return "environment" if source == "env" else program(source)


def need(profile: Profile) -> str:
    """What a login needs as it is shown: nothing where somebody muted it for good."""
    return "no" if profile["ignored"] else str(profile["needs_human"])


def expiry(one: Profile, clock: ReaderClock) -> tuple[str, str]:
    """When a login expires, roughly and exactly."""
    at = parse(one["deadline"])
    if at:
        return f"{'expires' if at > clock.now else 'expired'} {relative(at, clock.now)}", clock.exact(at)
    if one["state"] == "ok" and one["refreshable"]:
        return "renews itself", ""
    if one["state"] == "expired" and one["refreshable"] and one["needs_human"] == "no":
        return "idle: renews itself at the next use", ""
    return STATES[one["state"]], ""


def expected(estimate: Mapping[str, Any], clock: ReaderClock) -> str:
    """`next log-in about Sat 12 Dec, give or take 2 days`, where only past log-ins tell."""
    at = parse(estimate["at"]) or clock.now
    spread = timedelta(seconds=int(estimate["spread"]))
    give = f", give or take {span(spread)}" if spread else ""
    what = "next log-in" if at >= clock.now else "a log-in was expected"
    return f"{what} about {date(at, clock.now, clock.zone)}{give}"
