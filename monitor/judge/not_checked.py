"""Logins that were found through a variable, where a check without it does not look: they are unknown, not gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from alerts.dataclass import dataclass, field, replace
from monitor.config.settings import Policy
from monitor.judge.held import hold, never_there
from monitor.location import Location
from monitor.model import Observation, Problem, Remembered, Verdict


@dataclass(slots=True)
class Places:
    """Where one check looked: `in_force` are the location variables by source, of configured sources that ask this
    environment; `looked` the absolute paths that were touched; `there` those of known logins that were not, and where
    something is all the same."""

    in_force: Mapping[str, tuple[Location, ...]] = field(default_factory=dict)
    looked: Collection[str] = ()
    there: Collection[str] = ()
    _seen: dict[str, bool] = field(default_factory=dict)

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
            why = f"{found}, but this check has {instead.variable}={instead.value} and does not look there"
        else:
            why = f"{found}, where this check does not look any more"
        verdict = hold(known, Problem.NOT_CHECKED, policy, now, f"{why}, so these are the last known facts")
        return replace(verdict, seen=replace(verdict.seen, through=(lost,)))

    def _left(self, seen: Observation) -> bool:
        return seen.credential.source in self.in_force and seen.host_path not in self.looked

    def _now(self, lost: Location, seen: Observation) -> Location | None:
        now = self.in_force[seen.credential.source]
        return next((one for one in now if one.variable == lost.variable), None)

    def _without(self, one: Location, seen: Observation) -> bool:
        """Whether a variable leads to a login no more: it is not as it was, or nothing was looked at there."""
        if one not in self.in_force[seen.credential.source]:
            return True
        return one.holds(seen.host_path) and not self._looked_in(one)

    def _looked_in(self, one: Location) -> bool:
        if one.path not in self._seen:
            self._seen[one.path] = any(map(one.holds, self.looked))
        return self._seen[one.path]
