"""The moments of one login: its deadline, the lead steps before it, and what the policy's rules add to both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from monitor.model import Credential, Evidence, Observation, Policy, PolicyRule, Remembered

#: What no refresh mends.
_DEAD: Final = (Evidence.REFUSED, Evidence.BLANKED)


class Clock(NamedTuple):
    """When a person must have acted.

    `at_latest`: the deadline rests on a lifetime from the policy. `steps`: the lead steps that apply, shortest first.
    """

    deadline: datetime | None = None
    at_latest: bool = False
    steps: tuple[timedelta, ...] = ()

    def over(self, now: datetime) -> bool:
        """Whether the deadline has come."""
        return self.deadline is not None and self.deadline <= now

    def step(self, now: datetime) -> timedelta | None:
        """The shortest lead step that the time left fits into; None outside of all and after the deadline."""
        if self.deadline is None or self.deadline <= now:
            return None
        left = self.deadline - now
        return next((step for step in self.steps if left <= step), None)

    def until(self, now: datetime, *others: datetime | None) -> datetime | None:
        """The first moment after `now` among the deadline, the entries of its steps and `others`."""
        entries = (shift(self.deadline, -step) for step in self.steps)
        return earliest(moment for moment in (self.deadline, *entries, *others) if moment and moment > now)


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The least of the moments that are given; None when there is none."""
    return min((moment for moment in moments if moment), default=None)


def shift(moment: datetime | None, span: timedelta) -> datetime | None:
    """The moment moved by a span; None without a moment, or where the calendar ends."""
    try:
        return moment + span if moment else None
    except OverflowError:
        return None


def rule_for(credential: Credential, policy: Policy) -> PolicyRule | None:
    """The first rule all of whose labels (source, agent, provider, profile, kind) are the credential's."""
    labels = labels_of(credential)
    return next((rule for rule in policy.rules if rule.match.items() <= labels.items()), None)


def remedy_for(credential: Credential, policy: Policy) -> str:
    """What the config says is to be done, by the rule that matches, else by the entry of its source; "" for nothing."""
    rule = rule_for(credential, policy)
    return (rule.remedy if rule else "") or policy.remedies.get(credential.source, "")


def labels_of(credential: Credential) -> dict[str, str]:
    """The labels that rules, channels and silences match."""
    return {
        "source": credential.source,
        "agent": credential.agent,
        "provider": credential.provider,
        "profile": credential.profile,
        "kind": str(credential.kind),
    }


def deadline_of(seen: Observation) -> datetime | None:
    """The moment a person must have acted, by what the credential itself states; None when it states none."""
    access, login = seen.access_expires_at, seen.login_expires_at
    if seen.refreshable is False and access:
        return access  # nothing bridges the time from here to the login's end
    if login:
        return max(login, access) if access else login
    return None if seen.refreshable else access


def clock_of(seen: Observation, known: Remembered | None, policy: Policy, now: datetime) -> Clock:
    """The clock of what was seen; a lifetime, a rule's before its kind's, counts only where no expiry is stated."""
    rule, steps = rule_for(seen.credential, policy), steps_for(seen, policy)
    lifetime = rule.lifetime if rule and rule.lifetime else seen.lifetime
    if seen.access_expires_at or seen.login_expires_at or seen.refreshable or not lifetime:
        return Clock(deadline_of(seen), steps=steps)
    return Clock(shift(_start(seen, known, rule, now), lifetime), at_latest=True, steps=steps)


def steps_for(seen: Observation, policy: Policy) -> tuple[timedelta, ...]:
    """The lead steps that apply, shortest first; none is longer than a third of a known lifetime."""
    rule = rule_for(seen.credential, policy)
    lead = policy.lead if rule is None or rule.lead is None else rule.lead
    lifetime = seen.lifetime or (rule.lifetime if rule else None)
    return tuple(sorted(step for step in lead if lifetime is None or step <= lifetime / 3))


def same_login(seen: Observation, known: Remembered | None) -> bool:
    """Whether it carries the fingerprint that is remembered, as far as the two can be compared."""
    return known is not None and known.comparable and known.observation.fingerprint == seen.fingerprint


def rotated_at(seen: Observation, known: Remembered | None, now: datetime) -> datetime | None:
    """When fingerprint or access expiry last changed for a newer one: as remembered, or `now` if this check shows
    it."""
    if known is None or not known.comparable or seen.evidence in _DEAD:
        return known.rotated_at if known else None
    old = known.observation
    dead = old.evidence in _DEAD
    other = (old.fingerprint or dead) and seen.fingerprint and old.fingerprint != seen.fingerprint
    later = old.access_expires_at and seen.access_expires_at and seen.access_expires_at > old.access_expires_at
    return now if other or later else known.rotated_at


def _start(seen: Observation, known: Remembered | None, rule: PolicyRule | None, now: datetime) -> datetime:
    """When an assumed lifetime began: the given day, unless another secret was seen to take its place after it."""
    replaced = rotated_at(seen, known, now)
    if rule and rule.issued and not (replaced and replaced.date() > rule.issued):
        return datetime.combine(rule.issued, time(), UTC)
    if known and (same_login(seen, known) or not known.comparable):
        return known.fingerprint_since or known.first_seen_at
    return now
