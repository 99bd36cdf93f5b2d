"""A simulated year of ten accounts whose logins are overridden now and then: by a helper, a key, a copy of the access
token, another cloud. While something else serves, a login that ends is no alarm; once it serves again, it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from monitor.model import Credential, Evidence, Finding, Kind, Observation
from monitor.sources.precedence import Place, line_up
from tests.year.account import DAY, HOUR, Account, Death, Span, logins
from tests.year.drive import year
from tests.year.oracle import judged
from tests.year.world import START, World

#: What an override is: nobody can see how it is, fine for good, over after some hours, no credential of ours.
HELPER, KEY, COPY, CLOUD = "helper", "key", "copy", "cloud"
LADDER = (CLOUD, HELPER, KEY, COPY, "login")


@dataclass(frozen=True)
class Override:
    """What stands before a login for a while."""

    what: str
    span: Span

    @property
    def over(self) -> datetime:
        """When a copy ends: with the access token that it is a copy of."""
        return self.span.begin + 5 * HOUR


class OverriddenWorld(World):
    """Ten logins of one kind, each with overrides that come and go."""

    def _people(self) -> None:
        self.overrides: dict[str, list[Override]] = {}
        for number in range(10):
            name = f"claude-{number}"
            login = self._new(name, source=name, provider="anthropic")
            logins(login, self.beats, START, self.end, 28 * DAY)
            random = Random(f"{self.seed} {name} overrides")
            begin = START + timedelta(days=random.uniform(3, 40))
            self.overrides[name] = []
            while begin < self.end:
                span = Span(begin, begin + timedelta(days=random.uniform(0.5, 25)))
                self.overrides[name].append(Override(random.choice((HELPER, KEY, COPY, CLOUD)), span))
                begin += timedelta(days=random.uniform(26, 80))
            login.deaths = [part for death in login.deaths for part in _uncovered(death, self.overrides[name])]
            login.warned = [part for span in login.warned for part in _parts(span, self.overrides[name], self.end)]
            self._copies_end(login)

    def _copies_end(self, login: Account) -> None:
        """A copy that outlives its token is a death of its own, until somebody takes it away."""
        copy = Account(f"{login.name}/copy", _credential(login, COPY), Random(0), [])
        for one in self.overrides[login.name]:
            if one.what == COPY and one.span.end:
                copy.warned.append(one.span)
                copy.deaths.append(Death("copy ran out", one.over, one.over, one.span.end))
            for at in (one.span.begin, one.span.end):
                copy.seen.append((at or self.end, None))  # a check looks then, as at every change
        self.accounts.append(copy)

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        found: list[Finding] = []
        for one in self.accounts:
            if one.name in self.overrides:
                places = {"login": Place(tuple(filter(None, [one.at(now)])))}
                for override in self.overrides[one.name]:
                    if now in override.span:
                        places[override.what] = _place(one, override)
                found += line_up(one.credential.source, "anthropic", LADDER, places)
        return tuple(found)


def _credential(login: Account, what: str) -> Credential:
    who = login.credential
    return who._replace(profile=f"{who.source}:{what}", kind=Kind.EXEC if what == HELPER else Kind.TOKEN)


def _place(login: Account, override: Override) -> Place:
    if override.what == CLOUD:
        return Place(switch=True)
    begun = f"{login.name} {override.span.begin}"
    seen = Observation(_credential(login, override.what), refreshable=False, fingerprint=begun, host_path=login.path)
    if override.what == HELPER:
        seen = seen._replace(evidence=Evidence.HIDDEN)
    return Place((seen._replace(access_expires_at=override.over if override.what == COPY else None),))


def _parts(span: Span, overrides: list[Override], end: datetime) -> list[Span]:
    """The parts of a time in which no override stands."""
    begin, parts = span.begin, []
    for one in overrides:
        if (one.span.end or end) > begin and one.span.begin < (span.end or end):
            if one.span.begin > begin:
                parts.append(Span(begin, one.span.begin))
            begin = max(begin, one.span.end or end)
    return [*parts, *([Span(begin, span.end)] if begin < (span.end or end) else [])]


def _uncovered(death: Death, overrides: list[Override]) -> list[Death]:
    parts = _parts(death.span, overrides, START + 400 * DAY)
    return [replace(death, dead=one.begin, knowable=max(death.knowable, one.begin), mended=one.end) for one in parts]


@pytest.mark.parametrize(("seed", "days"), [(0, 60), (1, 60), pytest.param(2, 365, marks=pytest.mark.slow)])
def test_what_does_not_serve_never_alarms_and_what_serves_always_does(tmp_path: Path, seed: int, days: int) -> None:
    world = OverriddenWorld(seed, days)
    report = judged(world, list(year(world, tmp_path)))
    print(f"seed {seed}: {world.checks} checks, {len(report.notified)} deaths, {len(report.heard)} pieces of news")
    assert report.faults == []
    assert len(report.notified) >= 3
    assert {one.what for each in world.overrides.values() for one in each} == {HELPER, KEY, COPY, CLOUD}
