"""Who would serve a provider for an agent, in effective order: each one's state, why not, and which is next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from alerts.timefmt import moment as in_words
from monitor.model import Kind
from monitor.openclaw.auth_profiles import lifetime
from monitor.openclaw.compat.classification import health
from monitor.openclaw.env import ConfigKey, config_key, is_oauth
from monitor.openclaw.installation import Installation
from monitor.openclaw.observations import moment
from monitor.openclaw.order import cooling, order, unfit
from monitor.openclaw.releases import auth_id


class Candidate(NamedTuple):
    """A profile or key. `rank` counts from 0 in the effective order, None for what is never tried, and `why_not` says
    why. `until` ends a cooldown. `paid`: it is billed by use."""

    name: str
    kind: str
    state: str
    rank: int | None = None
    next: bool = False
    why_not: str = ""
    until: datetime | None = None
    paid: bool = False


class Candidates(NamedTuple):
    """All candidates of one provider; `endpoint` where the config names one."""

    provider: str
    endpoint: str | None
    listed: tuple[Candidate, ...]

    @property
    def words(self) -> str:
        """`1 of 3 usable; next: X, then an API key billed by use`."""
        usable = [one for one in self.listed if one.rank is not None and not one.why_not]
        said = f"{len(usable)} of {len(self.listed)} usable"
        if not usable:
            return said
        said += f"; next: {usable[0].name}"
        if usable[0].paid:
            return said + ", billed by use"
        if len(usable) > 1 and usable[1].paid:
            return said + f", then {usable[1].name}, billed by use"
        return said + (f", then {usable[1].name}" if len(usable) > 1 else "")


def candidates(found: Installation, agent: str, provider: str, now: datetime) -> Candidates:
    """The candidates at a moment: profiles as the release in charge orders them, then a variable, then a config key,
    then the profiles that are left out."""
    at = now.timestamp() * 1000
    view = found.view(agent, at)
    effective = order(view, found.config, provider, at)
    serving = {name: view.profiles[name] for name in view.serving(provider)}
    states = {name: health(one, at, view.generation).status.value for name, one in serving.items()}
    listed: list[Candidate] = []
    billed = not found.is_private(provider)
    for rank, name in enumerate(effective.ids):
        resting = cooling(view, name, at)
        usage = view.usage.get(name)
        until = moment(usage.until) if resting and usage else None
        reason = usage.disabled_reason or usage.cooldown_reason if usage else None
        why = f"in cooldown until {in_words(until)}{f' ({reason})' if reason else ''}" if until else ""
        one = view.profiles[name]
        paid = one.kind is Kind.API_KEY and billed
        listed.append(Candidate(name, one.kind.value, states.get(name, "unknown"), rank, False, why, until, paid))
    listed += _keys(found, provider, len(listed))
    tried = frozenset(effective.ids)
    for name, one in serving.items():
        if name not in tried:
            reason = unfit(one, at, found.generation)
            why = (reason or "").replace("_", " ") or (
                "left out of the order" if effective.explicit else "not declared in openclaw.json"
            )
            listed.append(Candidate(name, one.kind.value, states.get(name, "unknown"), why_not=why))
    first = next((at for at, one in enumerate(listed) if one.rank is not None and not one.why_not), None)
    if first is not None:
        old = listed[first]
        listed[first] = Candidate(old.name, old.kind, old.state, old.rank, True, old.why_not, old.until, old.paid)
    entry = found.config.provider_entry(provider, found.generation)
    endpoint = entry.get("baseUrl")
    return Candidates(auth_id(provider), endpoint if isinstance(endpoint, str) else None, tuple(listed))


def _keys(found: Installation, provider: str, rank: int) -> list[Candidate]:
    """The environment's and the config's key."""
    listed, billed = [], not found.is_private(provider)
    variable = found.environment.key_of(provider, found.generation)
    if variable:
        subscribed = is_oauth(variable) or lifetime(found.environment.get(variable) or "")
        listed.append(Candidate(variable, "env", "static", rank, paid=billed and not subscribed))
    key = config_key(found.config, found.environment, provider, found.generation)
    if key in (ConfigKey.LITERAL, ConfigKey.SET):
        name = f"models.providers.{provider}.apiKey"
        listed.append(Candidate(name, "config", "static", rank + len(listed), paid=billed))
    return listed


def providers(found: Installation, agent: str) -> tuple[str, ...]:
    """The providers that an agent's models use, then those it has profiles for."""
    used = [auth_id(one.provider) for one in found.config.models_in_use(agent, found.generation)]
    stored = sorted({auth_id(one.provider) for one in found.view(agent).profiles.values()})
    return tuple(dict.fromkeys((*used, *stored)))
