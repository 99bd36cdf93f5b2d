"""What `openclaw models status` calls a profile and a provider, in the words of the release that owns the store."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from monitor.model import Kind
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.config import Config
from monitor.openclaw.inheritance import View
from monitor.openclaw.order import explicit_order, order, unfit
from monitor.openclaw.releases import MAX_MS, WARN_MS, Generation


class Status(StrEnum):
    """OpenClaw's words for a profile."""

    OK = "ok"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    MISSING = "missing"
    STATIC = "static"


class ProfileStatus(NamedTuple):
    """A profile's status; `expires` (ms, or whatever an early release echoes) only where that release prints it."""

    profile: Profile
    status: Status
    reason: str | None = None
    expires: Any = None

    @property
    def expirable(self) -> bool:
        """Whether it is a login or a token, which can run out."""
        return self.profile.kind is not Kind.API_KEY


class Rollup(NamedTuple):
    """A provider's status over the profiles that count; `effective` is None where the release does not say."""

    provider: str
    status: Status
    profiles: tuple[ProfileStatus, ...]
    effective: tuple[ProfileStatus, ...] | None = None
    expires: float | None = None


def health(one: Profile, now: float, generation: Generation) -> ProfileStatus:
    """The status of one profile at a moment in ms."""
    reason = unfit(one, now, generation)
    if one.kind is Kind.API_KEY:
        if reason and generation is Generation.SHARED:
            return ProfileStatus(one, Status.MISSING, reason)
        return ProfileStatus(one, Status.STATIC)
    if one.setup_inactive or (reason and (one.kind is Kind.TOKEN or generation is not Generation.JSON)):
        return ProfileStatus(one, Status.EXPIRED if reason == "expired" else Status.MISSING, reason)
    if one.kind is Kind.TOKEN and one.expires is None:
        return ProfileStatus(one, Status.STATIC)
    return _by_clock(one, now, generation)


def _by_clock(one: Profile, now: float, generation: Generation) -> ProfileStatus:
    echo = one.written_expires if generation is Generation.JSON else None
    if not one.expires or (one.expires > MAX_MS and generation is not Generation.JSON):
        return ProfileStatus(one, Status.MISSING, expires=echo)
    left = one.expires - now
    status = Status.EXPIRED if left <= 0 else Status.EXPIRING if left <= WARN_MS else Status.OK
    return ProfileStatus(one, status, expires=one.expires)


def healths(view: View, now: float) -> tuple[ProfileStatus, ...]:
    """Every profile of a view, by provider and id."""
    found = [health(one, now, view.generation) for one in view.profiles.values()]
    return tuple(sorted(found, key=lambda one: (one.profile.provider, one.profile.id)))


def rollups(view: View, config: Config, found: tuple[ProfileStatus, ...], now: float) -> tuple[Rollup, ...]:
    """Every provider that has a profile."""
    by_provider: dict[str, list[ProfileStatus]] = {}
    for one in found:
        by_provider.setdefault(one.profile.provider, []).append(one)
    return tuple(_rollup(view, config, name, tuple(ones), now) for name, ones in sorted(by_provider.items()))


def _rollup(view: View, config: Config, provider: str, all_of_it: tuple[ProfileStatus, ...], now: float) -> Rollup:
    if view.generation is Generation.JSON:
        status, expires = _strict(all_of_it)
        return Rollup(provider, status, all_of_it, None, expires)
    effective = _effective(view, config, provider, all_of_it, now)
    status, expires = _worst(effective, view.generation)
    return Rollup(provider, status, all_of_it, effective, expires)


def _effective(
    view: View, config: Config, provider: str, all_of_it: tuple[ProfileStatus, ...], now: float
) -> tuple[ProfileStatus, ...]:
    """The profiles in the effective order; else those a person ordered; else all."""
    known = {one.profile.id: one for one in all_of_it}
    stated = explicit_order(view, config, provider)
    if stated is not None and not stated:
        return ()
    fit = tuple(known[name] for name in order(view, config, provider, now).ids if name in known)
    if fit:
        return fit
    return all_of_it if stated is None else tuple(known[name] for name in stated if name in known)


def _strict(found: tuple[ProfileStatus, ...]) -> tuple[Status, float | None]:
    """To 2026.5.7 one expired profile made its provider expired."""
    can_expire = [one for one in found if one.expirable]
    if not can_expire:
        return Status.STATIC, None
    seen = {one.status for one in can_expire}
    expires = _earliest(can_expire)
    if seen & {Status.EXPIRED, Status.MISSING}:
        return Status.EXPIRED, expires
    return (Status.EXPIRING if Status.EXPIRING in seen else Status.OK), expires


def _worst(found: tuple[ProfileStatus, ...], generation: Generation) -> tuple[Status, float | None]:
    can_expire = [one for one in found if one.expirable]
    if not can_expire:
        keys = {one.status for one in found}
        return (Status.STATIC if keys == {Status.STATIC} else Status.MISSING), None
    judged = found if generation is Generation.SHARED else can_expire
    seen, expires = {one.status for one in judged}, _earliest(can_expire)
    for status in (Status.EXPIRED, Status.MISSING, Status.EXPIRING):
        if status in seen:
            return status, expires
    return Status.OK, expires


def _earliest(found: list[ProfileStatus]) -> float | None:
    return min((one.expires for one in found if isinstance(one.expires, int | float)), default=None)


def remaining(ms: float | None) -> str:
    """A span as OpenClaw writes it: `0m`, `59m`, `3h`, `12d`."""
    if ms is None:
        return "unknown"
    if ms <= 0:
        return "0m"
    minutes = int(ms / 60_000 + 0.5)
    if minutes < 60:
        return f"{max(minutes, 1)}m"
    hours = int(minutes / 60 + 0.5)
    return f"{hours}h" if hours < 48 else f"{int(hours / 24 + 0.5)}d"
