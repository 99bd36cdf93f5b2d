"""What one agent sees: its own store over the one it inherits."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.dataclass import dataclass
from monitor.model import Kind
from monitor.openclaw.credentials import Profile
from monitor.openclaw.releases import MARGIN_MS, MAX_MS, Generation
from monitor.openclaw.stores import Store
from monitor.openclaw.usage import StoreState, Usage


@dataclass(frozen=True, slots=True)
class View:
    """The profiles an agent can use, in the order its release lists them, with order and usage."""

    agent: str
    generation: Generation
    profiles: Mapping[str, Profile]
    order: Mapping[str, tuple[str, ...]]
    usage: Mapping[str, Usage]


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
    for retired, better in _superseded(base, own, now).items():
        merged.pop(retired)
        if retired in base.profiles:
            merged[retired] = base.profiles[retired]
        order = {k: tuple(dict.fromkeys(better if i == retired else i for i in ids)) for k, ids in order.items()}
    return View(agent, generation, merged, order, state.usage)


def _order(base: StoreState, own: Store) -> dict[str, tuple[str, ...]]:
    """Own orders win; an inherited order gets the agent's own profiles of that provider in front."""
    order = {**base.order, **own.state.order}
    for provider in {one.provider for one in own.profiles.values()}:
        if provider in order and provider not in own.state.order:
            mine = [name for name, one in own.profiles.items() if one.provider == provider]
            order[provider] = tuple(dict.fromkeys([*mine, *base.order[provider]]))
    return order


def fresh(one: Profile, now: float | None) -> bool:
    """Whether an OAuth access token can be used as it is; without `now` any sound expiry counts."""
    if one.kind is not Kind.OAUTH or one.fence or not one.access or not one.expires or one.expires > MAX_MS:
        return False
    return now is None or one.expires - now > MARGIN_MS


def _superseded(base: Store, own: Store, now: float | None) -> dict[str, str]:
    """Local `<provider>:default` logins that the inherited store holds fresher: local id to inherited id."""
    found = {}
    for name, one in own.profiles.items():
        if one.kind is Kind.OAUTH and name == f"{one.provider}:default":
            better = _better(one, base, now)
            if better:
                found[name] = better
    return found


def _better(one: Profile, base: Store, now: float | None) -> str | None:
    usable = fresh(one, now)
    newer = [
        other
        for name, other in base.profiles.items()
        if name != one.id and other.provider == one.provider and not other.setup_inactive and fresh(other, now)
        if not usable or (other.expires or 0) > (one.expires or 0)
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
