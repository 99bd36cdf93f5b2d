"""One account over a year: what its store holds when, as its script has it, and what is then true of it.

The script is written first; from it follow both what a look finds and what an observer who knows everything would want to
be told. Nothing here asks authwatch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from monitor.model import Credential, Evidence, Kind, Lineup, Observation, Use

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ACCESS = 8 * HOUR
LEAD = 7 * DAY
#: What one look cannot be sure of has to last so long; a use without a renewal counts after so long.
SETTLE, GRACE = 10 * MINUTE, HOUR


@dataclass(frozen=True)
class Span:
    """A time in which something is so; `end` None: to the end of the year."""

    begin: datetime
    end: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return self.begin <= at and (self.end is None or at < self.end)


@dataclass
class Death:
    """A time in which a login does not work. `knowable` is the first moment at which a look could have been sure."""

    what: str
    dead: datetime
    knowable: datetime
    mended: datetime | None = None

    @property
    def span(self) -> Span:
        return Span(self.dead, self.mended)


@dataclass
class Account:
    """What the world knows of one login. `seen` are the changes of its store, None while it is not there."""

    name: str
    credential: Credential
    random: Random
    idle: list[Span]
    seen: list[tuple[datetime, Observation | None]] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    warned: list[Span] = field(default_factory=list)  # in which a warning is justified
    secret: int = 0
    path: str = ""

    def __post_init__(self) -> None:
        self.path = self.path or f"/home/anna/.{self.credential.source}/{self.name}.json"

    # -- what the store holds -----------------------------------------------------------------------------------------

    def observation(self, **more: object) -> Observation:
        base = Observation(
            self.credential,
            fingerprint=f"{self.name}-{self.secret}",
            use=Use(in_use=True),
            store=f"~/{self.name}.json",
            host_path=self.path,
            relogin="its login command",
        )
        return base._replace(**more)

    def at(self, now: datetime) -> Observation | None:
        """What a look finds at a moment."""
        found = None
        for at, one in self.seen:
            if at > now:
                break
            found = one
        return found

    def writes(self, at: datetime, one: Observation | None) -> None:
        self.seen.append((at, one))

    def working(self, at: datetime) -> bool:
        """Whether its program is used then."""
        return not any(at in span for span in self.idle)

    # -- what is true -------------------------------------------------------------------------------------------------

    @property
    def keys(self) -> set[str]:
        return {one.credential.key for _, one in self.seen if one} | {self.credential.key}

    def dead(self, at: datetime) -> Death | None:
        return next((one for one in self.deaths if at in one.span), None)

    def lineup(self, now: datetime) -> Lineup | None:
        found = self.at(now)
        who = found.credential if found else self.credential
        if found is None or who.agent == "-":
            return None
        return Lineup(who.source, who.agent, who.provider, (who.key,), in_use=True)


def person(random: Random, least: float = 1, most: float = 50) -> timedelta:
    """How long somebody takes."""
    return timedelta(hours=random.uniform(least, most))


def account(
    name: str, random: Random, start: datetime, *, source: str = "openclaw", agent: str = "main", **more: object
) -> Account:
    """An account that is idle for some weeks of the year."""
    provider = str(more.get("provider", name))
    profile = f"{provider}:default" if source == "openclaw" else f"{source}:default"
    who = Credential(source, agent if source == "openclaw" else "-", provider, profile, more.get("kind", Kind.OAUTH))
    idle = []
    for _ in range(random.randint(2, 4)):
        begin = start + timedelta(days=random.uniform(5, 350))
        idle.append(Span(begin, begin + timedelta(days=random.uniform(4, 16))))
    return Account(name, who, random, idle)


# -- lives ------------------------------------------------------------------------------------------------------------


@dataclass
class Life:
    """A login that renews itself when it is used, from one log-in to the next.

    `login`: how long it lasts whatever is done (None: for ever). `until`: from then on nothing renews it any more.
    """

    account: Account
    begin: datetime
    login: timedelta | None = None
    until: datetime | None = None

    @property
    def end(self) -> datetime | None:
        return self.begin + self.login if self.login else None

    def beats(self, beats: list[datetime], end: datetime) -> Iterator[datetime]:
        return (at for at in beats if self.begin <= at < end and self.account.working(at))

    def run(self, beats: list[datetime], end: datetime) -> datetime:
        """Writes what the store holds until `end`; returns when the last access ends."""
        mine, access = self.account, self.begin + ACCESS
        self.write(self.begin, access)
        for at in self.beats(beats, end):
            fresh = (self.end is None or at < self.end) and (self.until is None or at < self.until)
            if at <= self.begin:
                continue
            if access - at < 30 * MINUTE and fresh:
                access = at + ACCESS
                mine.secret += 1  # a refresh token works once
                self.write(at, access, used=at)
            elif self.until is not None and at >= self.until:
                self.write(at, access, used=at)
        return access

    def write(self, at: datetime, access: datetime, used: datetime | None = None) -> None:
        use = Use(in_use=True, last_used_at=used)
        one = self.account.observation(access_expires_at=access, login_expires_at=self.end, refreshable=True, use=use)
        self.account.writes(at, one)

    def gone(self, at: datetime, evidence: Evidence) -> None:
        """Its store says so: rejected, or emptied."""
        self.account.writes(at, self.account.observation(evidence=evidence, refreshable=False))


def logins(account: Account, beats: list[datetime], begin: datetime, end: datetime, last: timedelta) -> None:
    """One log-in after the other, each lasting `last`: often before the end of the one before, sometimes too late."""
    random = account.random
    while begin < end:
        life = Life(account, begin, last)
        over = begin + last
        early = random.random() < 0.6
        renewed = over - timedelta(days=random.uniform(0.5, 6)) if early else over + person(random)
        access = life.run(beats, min(renewed, end))
        if early:
            account.warned.append(Span(over - LEAD, renewed))
        else:
            dead = max(over, access)
            renewed = max(renewed, dead + person(random))
            account.warned.append(Span(over - LEAD, dead))
            if dead < end:
                account.deaths.append(Death("login expired", dead, dead, renewed))
        account.secret += 1
        begin = renewed
