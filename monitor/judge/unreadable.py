"""What cannot be read, or is not looked at any more, is held: the last known facts stay and their deadline runs on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from alerts.timefmt import moment
from monitor.judge.deadlines import Clock, deadline_of, steps_for
from monitor.judge.evaluate import BLINDING, blinded, ignored
from monitor.judge.wording import extend, sentence
from monitor.model import (
    Confidence,
    Evidence,
    Location,
    Need,
    Observation,
    Policy,
    Problem,
    Remembered,
    Rule,
    State,
    Trouble,
    Verdict,
    Weight,
    upwards,
)


def hold(known: Remembered, problem: Problem, policy: Policy, now: datetime, why: str = "") -> Verdict:
    """The verdict on a credential whose store cannot be read: unknown, unless its last known deadline is near. `why`
    says so otherwise."""
    seen = known.observation._replace(problem=problem)
    clock = Clock(known.deadline or deadline_of(known.observation), steps=steps_for(seen, policy))
    why = why or f"could not be read ({problem}); last known facts"
    verdict = Verdict(
        seen,
        State.UNKNOWN,
        Need.UNKNOWN,
        deadline=clock.deadline,
        usable=False,
        confidence=Confidence.PROVEN if known.proven else Confidence.ASSUMED,
        because=(why,),
        until=clock.until(now),
        in_use=seen.use.in_use is not False,
        held=True,
        ignored=ignored(seen, known, policy),
        rotated_at=known.rotated_at,
        summary=sentence(seen.credential, why),
        rule=Rule.UNREADABLE,
    )
    step = clock.step(now)
    if clock.deadline and clock.over(now):
        verdict = extend(verdict, f"expired {moment(clock.deadline)} by these")
        return verdict._replace(needs_human=Need.NOW, weights=(Weight.LAST_KNOWN,))
    if clock.deadline and step:
        verdict = extend(verdict, f"expires {moment(clock.deadline)} by these")
        return verdict._replace(needs_human=Need.SOON, step=step, weights=(Weight.LAST_KNOWN,))
    return verdict


class Hidden:
    """Which trouble hides which credential: one with its store or a folder above it, else one with its whole source.

    `seen` are all known credentials: a trouble that hides the store of none (a crash, a configuration that cannot be
    read) hides its source. A pending migration or a stale copy hides no more than its own store.
    """

    def __init__(self, troubles: Iterable[Trouble], seen: Iterable[Observation]) -> None:
        listed = list(troubles)
        self._near: dict[tuple[str, str], int] = {}
        self._wide: dict[str, Trouble] = {}
        self._listed = listed
        sources = {one.source for one in listed}
        paths = {(one.credential.source, one.host_path) for one in seen if one.credential.source in sources}
        for at, one in enumerate(listed):
            if one.host_path:
                self._near.setdefault((one.source, one.host_path.rstrip("/")), at)
        hides = {
            place for source, path in paths for folder in upwards(path) if (place := (source, folder)) in self._near
        }
        for one in listed:
            if one.problem in BLINDING and not (one.host_path and (one.source, one.host_path.rstrip("/")) in hides):
                self._wide.setdefault(one.source, one)

    def hiding(self, seen: Observation) -> Trouble | None:
        """The trouble that hides a credential; the first where there are several."""
        if not self._listed:
            return None
        source = seen.credential.source
        near = [at for folder in upwards(seen.host_path) if (at := self._near.get((source, folder))) is not None]
        return self._listed[min(near)] if near else self._wide.get(source)


def never_there(known: Remembered) -> bool:
    """Whether what is remembered was only asked for, or a mere name for what could not be read."""
    return known.observation.evidence is Evidence.ABSENT or blinded(known.observation)


def plain(source: str) -> str:
    """The source that is listed, of one that was found beside it: `openclaw` of `openclaw@work`."""
    return source.partition("@")[0]


class CheckedPlaces:
    """Where one check looked: `in_force` are the location variables by source, of configured sources that ask this
    environment; `looked` the absolute paths that were touched; `there` those of known logins that were not, and where
    something is all the same."""

    __slots__ = ("_seen", "in_force", "looked", "there")

    def __init__(
        self,
        in_force: Mapping[str, tuple[Location, ...]] = MappingProxyType({}),
        looked: Collection[str] = (),
        there: Collection[str] = (),
    ) -> None:
        self.in_force, self.looked, self.there = in_force, looked, there
        self._seen: dict[str, bool] = {}

    def lost(self, known: Remembered) -> Location | None:
        """The variable through which a login was found, by which this check does not look at its place any more.

        None where it does look there, where only a single check ever found it so, where the place is gone, where the
        source is not configured, or where its program itself no longer names the place.
        """
        seen = known.observation
        if not (seen.through and known.established) or never_there(known) or not self._left(seen):
            return None
        lost = [one for one in seen.through if self._without(one, seen)]
        near = (one for one in lost if one.holds(seen.host_path))
        return next(near, lost[0]) if lost and seen.host_path in self.there else None

    def unset(self, lost: Location, known: Remembered) -> bool:
        """Whether a lost variable is not set at all: another value is somebody's choice."""
        return self._now(lost, known.observation) is None

    def unnamed(self, known: Remembered) -> bool:
        """Whether every variable is as it was, and its program does not name the place of the login any more."""
        seen = known.observation
        return bool(seen.through) and self._left(seen) and not any(self._without(one, seen) for one in seen.through)

    def verdict(self, known: Remembered, lost: Location, policy: Policy, now: datetime) -> Verdict:
        """The verdict on a login that is not checked: unknown, while its last known deadline runs on."""
        found = f"was last found through {lost.variable}={lost.value}"
        instead = self._now(lost, known.observation)
        if instead is None:
            why = f"{found}, which is not set for this check"
        elif instead != lost:
            why = f"{found}, but this check has {instead.variable}={instead.value}"
        else:
            why = f"{found}, which this check does not read any more"
        verdict = hold(known, Problem.NOT_CHECKED, policy, now, f"{why}; last known facts")
        return verdict._replace(seen=verdict.seen._replace(through=(lost,)))

    def _left(self, seen: Observation) -> bool:
        return bool(self._source(seen)) and seen.host_path not in self.looked

    def _source(self, seen: Observation) -> str:
        """The source that would look there: a profile is looked for as long as the plain one is listed."""
        own = seen.credential.source
        return next((one for one in (own, plain(own)) if one in self.in_force), "")

    def _now(self, lost: Location, seen: Observation) -> Location | None:
        now = self.in_force[self._source(seen)]
        return next((one for one in now if one.variable == lost.variable), None)

    def _without(self, one: Location, seen: Observation) -> bool:
        """Whether a variable leads to a login no more: it is not as it was, or nothing was looked at there."""
        if one not in self.in_force[self._source(seen)]:
            return True
        return one.holds(seen.host_path) and not self._looked_in(one)

    def _looked_in(self, one: Location) -> bool:
        if one.path not in self._seen:
            self._seen[one.path] = any(map(one.holds, self.looked))
        return self._seen[one.path]
