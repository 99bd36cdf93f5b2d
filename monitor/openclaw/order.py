"""Which profiles OpenClaw would try for a provider, in which order, and who of them would serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from monitor.model import Kind
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.config import Config
from monitor.openclaw.inheritance import View
from monitor.openclaw.releases import MAX_MS, Generation, auth_id
from monitor.openclaw.usage import EXEMPT

_PREFERENCE = {Kind.OAUTH: 0, Kind.TOKEN: 1, Kind.API_KEY: 2}


class Order(NamedTuple):
    """Profile ids in the order they are tried; `explicit` when a person stated one."""

    ids: tuple[str, ...]
    explicit: bool


def unfit(one: Profile, now: float | None, generation: Generation) -> str | None:
    """Why a stored credential is not used, as OpenClaw's reason code; None when it is fit.

    An expired OAuth login stays fit: it can be refreshed. Without `now` nothing is expired.
    """
    if one.setup_inactive:
        return "setup_inactive"
    if one.kind is Kind.OAUTH:
        return _unfit_login(one, generation)
    if generation is Generation.SHARED and one.kind is Kind.API_KEY and one.pasted_command:
        return "malformed_api_key"
    if not one.secret and not one.ref:
        return "missing_credential"
    if one.kind is Kind.TOKEN and one.expires is not None:
        if one.expires == 0 or (one.expires > MAX_MS and generation is not Generation.JSON):
            return "invalid_expires"
        if now is not None and one.expires <= now:
            return "expired"
    return None


def _unfit_login(one: Profile, generation: Generation) -> str | None:
    if generation is Generation.SHARED and one.fence:
        return "expired"
    if one.access or one.refresh:
        return None
    return "unresolved_ref" if one.oauth_ref and generation is not Generation.JSON else "missing_credential"


def serves(one: Profile, provider: str) -> bool:
    """Whether the credential is one for this provider; the profile's field counts, its id does not."""
    return auth_id(one.provider) == auth_id(provider)


def explicit_order(view: View, config: Config, provider: str) -> tuple[str, ...] | None:
    """The order that a person stated: the stored one before the config's."""
    stored = view.order.get(auth_id(provider), view.order.get(provider))
    return stored if stored is not None else config.order(provider, view.generation)


def stated_order(view: View, config: Config, provider: str) -> tuple[str, ...] | None:
    """The same, or else the ids that `auth.profiles` declares for a provider: what is neither is never tried
    (`resolveAuthProfileOrder`, 2026.5.7; 2026.9.6)."""
    declared = config.names(view.generation).declared.get(auth_id(provider))
    stated = explicit_order(view, config, provider)
    return tuple(declared) if stated is None and declared else stated


def left_out(view: View, config: Config, profiles: Iterable[Profile]) -> set[str]:
    """The ids of those profiles for whose provider the config states or declares others; an order that has none of
    those stored is void."""
    found: dict[str, set[str]] = {}
    for one in profiles:
        found.setdefault(one.provider, set()).add(one.id)
    for provider, names in found.items():
        stated = stated_order(view, config, provider)
        if stated is None or (stated and not any(name in view.profiles for name in stated)):
            names.clear()
        else:
            names.difference_update(stated)
    return set().union(*found.values())


def order(view: View, config: Config, provider: str, now: float | None, model: str | None = None) -> Order:
    """The effective order at a moment in ms; without `now` neither expiries nor cooldowns count."""
    generation = view.generation
    stored = view.order.get(auth_id(provider), view.order.get(provider))
    stated = stored if stored is not None else config.order(provider, generation)
    names = config.names(generation)
    configured = names.declared.get(auth_id(provider), ())
    all_stored = view.serving(provider)
    base = stated if stated is not None else configured or all_stored

    def fit(name: str) -> bool:
        one = view.profiles.get(name)
        if one is None or not serves(one, provider) or not _agrees(one, names.profiles.get(name), provider):
            return False
        reason = unfit(one, now, generation)
        return reason is None or (reason == "unresolved_ref" and generation is Generation.SHARED and model is not None)

    chosen = [name for name in base if fit(name)]
    repaired = False
    remembered = stored is not None and generation is not Generation.JSON
    if base and not any(name in view.profiles for name in base) and (configured or remembered):
        chosen, repaired = [name for name in all_stored if fit(name)], generation is not Generation.JSON
    chosen = list(dict.fromkeys(chosen))
    free = [name for name in chosen if not cooling(view, name, now, model)]
    if not stated or repaired:
        free.sort(key=lambda name: _rank(view, name, now))
    ready = set(free)
    waiting = [name for name in chosen if name not in ready]
    waiting.sort(key=lambda name: view.usage[name].until or 0)
    return Order((*free, *waiting), stated is not None)


def _agrees(one: Profile, declared: tuple[str, str] | None, provider: str) -> bool:
    if declared is None:
        return True
    whose, mode = declared
    fits = mode == one.kind or (mode == Kind.OAUTH and one.kind is Kind.TOKEN)
    return fits and auth_id(whose) == auth_id(provider)


def cooling(view: View, name: str, now: float | None, model: str | None = None) -> bool:
    """Whether a profile is in cooldown, disabled or blocked at that moment (never for exempt providers)."""
    one, usage = view.profiles.get(name), view.usage.get(name)
    if now is None or usage is None or (one is not None and one.provider in EXEMPT):
        return False
    return usage.active(now, model)


def _rank(view: View, name: str, now: float | None) -> tuple[int, bool, float]:
    """Logins, then tokens, then keys; the newest releases put expired logins behind; then the least recently used."""
    one, usage = view.profiles[name], view.usage.get(name)
    stale = (
        view.generation is Generation.SHARED
        and one.kind is Kind.OAUTH
        and now is not None
        and bool(one.expires)
        and (one.expires or 0) <= now
    )
    return _PREFERENCE[one.kind], stale, (usage.last_used or 0) if usage else 0
