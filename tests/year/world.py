"""A machine with ten accounts over a year, from a seed: who lives how, and when its clock is wrong."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from monitor.model import Credential, Evidence, Finding, Kind, Observation, Use
from tests.year.account import (
    DAY,
    GRACE,
    HOUR,
    LEAD,
    MINUTE,
    SETTLE,
    Account,
    Death,
    Life,
    Span,
    account,
    logins,
    person,
)

START = datetime(2027, 1, 1, tzinfo=UTC)
#: How far the clock is wrong, for some minutes.
STEPS = (HOUR, -HOUR, DAY, -DAY, 3650 * DAY)


@dataclass
class Copies:
    """One refresh token in two stores: what is said of it has a key of its own."""

    keys: set[str]
    span: Span


@dataclass
class World:
    """The accounts, the moments at which the machine works, and the steps of its clock."""

    seed: int
    days: int = 365
    accounts: list[Account] = field(default_factory=list)
    copies: list[Copies] = field(default_factory=list)
    steps: list[tuple[Span, timedelta]] = field(default_factory=list)
    checks: int = 0

    def __post_init__(self) -> None:
        self.random = Random(f"year {self.seed}")
        self.end = START + self.days * DAY
        self.beats = list(self._beats())
        self._people()
        for _ in range(6):
            begin = START + self.days * DAY * self.random.random()
            self.steps.append((Span(begin, begin + self.random.uniform(1, 8) * MINUTE), self.random.choice(STEPS)))
        self.changes = sorted({at for one in self.accounts for at, _ in one.seen} | self._clock())
        for one in self.accounts:
            one.seen.sort(key=lambda change: change[0])

    def _beats(self) -> list[datetime]:
        """By day the machine's jobs use every account that is not idle."""
        days = [START + day * DAY for day in range(self.days)]
        return [day + hour * HOUR + self.random.uniform(0, 40) * MINUTE for day in days for hour in (7, 11, 15, 19)]

    def _clock(self) -> set[datetime]:
        return {at for span, _ in self.steps for at in (span.begin, span.end) if at}

    # -- what a look finds --------------------------------------------------------------------------------------------

    def findings(self, now: datetime) -> tuple[Finding, ...]:
        seen = [found for one in self.accounts if (found := one.at(now))]
        lineups = [line for one in self.accounts if (line := one.lineup(now))]
        return (*seen, *lineups)

    def wall(self, now: datetime) -> datetime:
        """What the machine takes the time for."""
        return now + sum((by for span, by in self.steps if now in span), timedelta())

    def next_change(self, now: datetime) -> datetime | None:
        at = bisect_right(self.changes, now)
        return self.changes[at] if at < len(self.changes) else None

    # -- who lives how ------------------------------------------------------------------------------------------------

    def _some_day(self, least: int = 60, most: int = 280) -> datetime:
        return START + timedelta(days=self.random.uniform(least, most) * self.days / 365)

    def _new(self, name: str, **more: object) -> Account:
        found = account(name, Random(f"{self.seed} {name}"), START, **more)
        self.accounts.append(found)
        return found

    def _people(self) -> None:
        for name in ("claude-code", "claude-two"):
            logins(self._new(name, source=name, provider="anthropic"), self.beats, START, self.end, 28 * DAY)
        blanked = self._new("claude-three", source="claude-three", provider="anthropic")
        self._blanked(blanked)
        Life(self._new("qwen"), START).run(self.beats, self.end)
        self._revoked(self._new("xai"))
        self._stalled(self._new("openai"))
        self._copied(self._new("zai"), self._new("zai-lab", agent="lab", provider="zai"))
        self._renamed(self._new("minimax"))
        self._token(self._new("mistral", kind=Kind.TOKEN))

    def _blanked(self, one: Account) -> None:
        """Emptied by its own program one day; until then and after it one log-in follows the other."""
        day = self._some_day()
        logins(one, self.beats, START, day, 28 * DAY)
        while one.dead(day):  # then there is nothing to empty
            one.seen, one.deaths, one.warned = [], [], []
            day = self._some_day()
            logins(one, self.beats, START, day, 28 * DAY)
        self._cut(one, day)
        one.writes(day, one.observation(evidence=Evidence.BLANKED, refreshable=False))
        mended = day + person(one.random)
        one.deaths.append(Death("tokens emptied", day, day, mended))
        one.secret += 1
        logins(one, self.beats, mended, self.end, 28 * DAY)

    def _cut(self, one: Account, day: datetime) -> None:
        """What the first part planned for after that day does not come."""
        one.seen = [change for change in one.seen if change[0] < day]
        one.warned = [replace(span, end=min(span.end or day, day)) for span in one.warned if span.begin < day]
        one.deaths = [death for death in one.deaths if death.dead < day]

    def _revoked(self, one: Account) -> None:
        """The provider revokes it; the next use finds out, and its program notes it."""
        day = self._some_day()
        Life(one, START).run(self.beats, day)
        found = next(at for at in self.beats if at > day and one.working(at))
        one.writes(found, one.observation(evidence=Evidence.REFUSED, refreshable=False, notes=("auth_permanent",)))
        mended = found + person(one.random)
        one.deaths.append(Death("revoked", day, found, mended))
        one.secret += 1
        Life(one, mended).run(self.beats, self.end)

    def _stalled(self, one: Account) -> None:
        """From a day on it is used, and nothing renews it."""
        day = self._some_day()
        life = Life(one, START, until=day)
        uses = list(life.beats(self.beats, self.end))
        access = Life(one, START, until=day).run(self.beats, day)  # when the access that is then there ends
        first = next(at for at in uses if at > access and at >= day)
        mended = first + GRACE + person(one.random)
        one.seen.clear()
        one.secret = 0
        life.run(self.beats, mended)
        one.warned.append(Span(day, mended))
        one.deaths.append(Death("stalled", access, first + GRACE, mended))
        one.secret += 1
        Life(one, mended).run(self.beats, self.end)

    def _copied(self, one: Account, other: Account) -> None:
        """Somebody copies the login to another agent; one renews it, and the other is refused at its next use."""
        Life(one, START).run(self.beats, self.end)
        while True:
            day = self._some_day()
            woken = next(at for at in self.beats if at > day + timedelta(days=one.random.uniform(2, 4)))
            renewed = [at for at, _ in one.seen if day < at < woken]
            before = one.at(day)
            if renewed and before:
                break
        copy = before._replace(credential=other.credential, host_path=other.path, store=f"~/{other.name}.json")
        other.writes(day, copy)
        dead = max(renewed[0], before.access_expires_at or day)
        mended = woken + person(one.random)
        other.writes(woken, other.observation(evidence=Evidence.REFUSED, refreshable=False, notes=("auth_permanent",)))
        other.deaths.append(Death("used up by a copy", dead, woken, mended))
        other.warned.append(Span(day, mended))
        self.copies.append(Copies(one.keys | other.keys, Span(day, woken)))
        other.secret += 1
        Life(other, mended).run(self.beats, self.end)

    def _renamed(self, one: Account) -> None:
        """An update gives it another name; it is the same login."""
        day = self._some_day()
        Life(one, START).run(self.beats, self.end)
        new = one.credential._replace(profile=f"{one.credential.provider}-new:default")
        one.seen = [(at, _as(found, new) if at >= day and found else found) for at, found in one.seen]
        before = one.at(day)
        assert before is not None
        one.seen.append((day, _as(before, new)))
        one.seen.sort(key=lambda change: change[0])

    def _token(self, one: Account) -> None:
        """Nothing renews it; people put a new one in its place, before its end or after, and once it is lost."""
        random, begin = one.random, START
        lost = self._some_day(100, 250)
        while begin < self.end:
            over = begin + 90 * DAY
            early = random.random() < 0.5
            renewed = over - timedelta(days=random.uniform(1, 5)) if early else over + person(random)
            one.writes(begin, one.observation(access_expires_at=over, refreshable=False, use=Use(in_use=True)))
            if begin < lost < min(over, renewed):
                one.writes(lost, None)
                renewed = lost + person(random)
                one.warned.append(Span(over - LEAD, max(lost, over - LEAD)))
                one.deaths.append(Death("vanished", lost, lost + SETTLE, renewed))
            else:
                one.warned.append(Span(over - LEAD, renewed if early else over))
                if not early:
                    one.deaths.append(Death("token expired", over, over, renewed))
            one.secret += 1
            begin = renewed


def _as(found: Observation, credential: Credential) -> Observation:
    return found._replace(credential=credential)
