"""What one agent sees: its own store over the one it inherits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.model import Kind
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.releases import MARGIN_MS, MAX_MS, Generation, auth_id
from monitor.openclaw.stores import Store
from monitor.openclaw.usage import StoreState, Usage


class View:
    """The profiles an agent can use, in the order its release lists them, with order and usage."""

    __slots__ = ("_served", "agent", "generation", "order", "profiles", "usage")

    def __init__(
        self,
        agent: str,
        generation: Generation,
        profiles: Mapping[str, Profile],
        order: Mapping[str, tuple[str, ...]],
        usage: Mapping[str, Usage],
    ) -> None:
        self.agent, self.generation, self.profiles, self.order, self.usage = agent, generation, profiles, order, usage
        self._served: dict[str, list[str]] = {}

    def serving(self, provider: str) -> Sequence[str]:
        """The ids of the profiles for a provider, in the order of the view; a profile's field counts, its id does
        not."""
        if not self._served:
            for name, one in self.profiles.items():
                self._served.setdefault(auth_id(one.provider), []).append(name)
        return self._served.get(auth_id(provider), ())


def view(agent: str, base: Store, own: Store | None, generation: Generation, now: float | None = None) -> View:
    """The merged view; `now` (ms) decides whether an inherited login is fresher than a local copy of it."""
    if own is None or own is base:
        return View(agent, generation, base.profiles, base.state.order, base.state.usage)
    state = own.state.over(base.state)
    if generation is Generation.JSON:
        merged = {**base.profiles, **own.profiles}
        order = dict(state.order)
    else:
        merged = {**own.profiles, **{k: v for k, v in base.profiles.items() if k not in own.profiles}}
        order = _order(base.state, own)
    superseded = _superseded(base, own, now)
    for retired in superseded:
        merged.pop(retired)
        if retired in base.profiles:
            merged[retired] = base.profiles[retired]
    if superseded:
        order = {k: tuple(dict.fromkeys(superseded.get(i, i) for i in ids)) for k, ids in order.items()}
    return View(agent, generation, merged, order, state.usage)


def _order(base: StoreState, own: Store) -> dict[str, tuple[str, ...]]:
    """Own orders win; an inherited order gets the agent's own profiles of that provider in front."""
    mine: dict[str, list[str]] = {}
    for name, one in own.profiles.items():
        if one.provider in base.order and one.provider not in own.state.order:
            mine.setdefault(one.provider, []).append(name)
    inherited = {provider: tuple(dict.fromkeys([*ids, *base.order[provider]])) for provider, ids in mine.items()}
    return {**base.order, **own.state.order, **inherited}


def fresh(one: Profile, now: float | None) -> bool:
    """Whether an OAuth access token can be used as it is; without `now` any sound expiry counts."""
    if one.kind is not Kind.OAUTH or one.fence or not one.access or not one.expires or one.expires > MAX_MS:
        return False
    return now is None or one.expires - now > MARGIN_MS


def _superseded(base: Store, own: Store, now: float | None) -> dict[str, str]:
    """Local `<provider>:default` logins that the inherited store holds fresher: local id to inherited id."""
    local = {
        one.provider: one
        for name, one in own.profiles.items()
        if one.kind is Kind.OAUTH and name == f"{one.provider}:default"
    }
    beside: dict[str, list[Profile]] = {provider: [] for provider in local}
    for other in base.profiles.values() if local else ():
        if other.provider in local and not other.setup_inactive and fresh(other, now):
            beside[other.provider].append(other)
    better = {one.id: _better(one, beside[provider], now) for provider, one in local.items()}
    return {name: found for name, found in better.items() if found}


def _better(one: Profile, beside: Sequence[Profile], now: float | None) -> str | None:
    """The better one of the fresh logins that the inherited store has for its provider."""
    usable = fresh(one, now)
    newer = [
        other for other in beside if other.id != one.id and (not usable or (other.expires or 0) > (one.expires or 0))
    ]
    newer.sort(key=lambda other: (-(other.expires or 0), other.id))
    anonymous = not one.account and not one.email
    same = [other for other in newer if anonymous or _same_account(one, other)]
    if same:
        return None if anonymous and len(same) > 1 else same[0].id
    others = [other for other in newer if not _conflict(one, other)]
    return others[0].id if not usable and len(others) == 1 else None


def _same_account(one: Profile, other: Profile) -> bool:
    if one.account and other.account:
        return one.account == other.account
    return bool(one.email and other.email and one.email.lower() == other.email.lower())


def _conflict(one: Profile, other: Profile) -> bool:
    if one.account and other.account and one.account != other.account:
        return True
    return bool(one.email and other.email and one.email.lower() != other.email.lower())
