"""Saves a pasted credential where the release in charge looks for it, and declares it in openclaw.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model import Kind, Secret
from monitor.openclaw.config import parse
from monitor.openclaw.installation import Installation
from monitor.openclaw.order import serves
from monitor.openclaw.releases import auth_id, provider_id
from monitor.openclaw.write import targets
from monitor.openclaw.write.json_edit import drop, put
from monitor.openclaw.write.lock import held
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target
from monitor.openclaw.write.transaction import document
from monitor.system.host import Unreadable


@dataclass(frozen=True, slots=True)
class Pasted:
    """A credential as a person gave it; `expires` in ms."""

    profile: str
    provider: str
    kind: Kind
    secret: Secret
    expires: int | None = None

    def raw(self) -> dict[str, Any]:
        """As OpenClaw writes it."""
        name = "key" if self.kind is Kind.API_KEY else "token"
        entry: dict[str, Any] = {"type": self.kind.value, "provider": self.provider, name: self.secret.reveal()}
        return entry if self.expires is None else {**entry, "expires": self.expires}


def seen(found: Installation, agent: str, profile: str) -> str | None:
    """A mark of what a profile holds now, to be given to `save`; None where there is none. It may
    be replaced, or this raises WriteRefused for a login that OpenClaw refreshes by itself."""
    one = found.view(agent).profiles.get(profile)
    if one is not None and one.kind is Kind.OAUTH:
        raise WriteRefused(f"{profile} is a login that OpenClaw refreshes by itself; choose another --profile-id")
    if one is None or one.agent != agent:
        return None
    return _mark(one.secret.reveal() if one.secret else None, one.written_expires)


def writable(found: Installation, agent: str) -> None:
    """Raises WriteRefused where a credential could not be saved, before somebody makes one."""
    target(targets.profiles(found, agent).path)
    target(found.places.config)


def save(found: Installation, agent: str, pasted: Pasted, before: str | None, now: datetime) -> tuple[str, ...]:
    """Writes the credential; returns the files that changed. Raises WriteRefused with the store as before when the
    profile is not what `before` (from `seen`) says it was: somebody, or a refresh, was faster."""
    cell = targets.profiles(found, agent)
    _declared(found, pasted, _config_text(found))  # raises before anything is written

    def edit(text: str) -> str:
        profiles = document(text).get("profiles", {})
        if not isinstance(profiles, Mapping):
            raise WriteRefused("the store holds no object called profiles")
        old = profiles.get(pasted.profile)
        if (None if old is None else _mark_of(old)) != before:
            raise WriteRefused(
                f"{pasted.profile} was changed by another program in the meantime; nothing was written. Run this again."
            )
        kept = {k: v for k, v in old.items() if k in ("email", "displayName")} if isinstance(old, Mapping) else {}
        return put(text, ("profiles", pasted.profile), {**pasted.raw(), **kept})

    cell.change(edit, now)
    return (str(cell.path), *_declare(found, pasted, now))


def set_order(found: Installation, agent: str, provider: str, ids: tuple[str, ...], now: datetime) -> str:
    """Stores an order; returns the changed file. Raises WriteRefused where `openclaw models auth order set` does."""
    view = found.view(agent)
    if not ids:
        raise WriteRefused("name at least one profile id, in the order they should be tried")
    for name in ids:
        one = view.profiles.get(name)
        if one is None:
            raise WriteRefused(
                f'auth profile "{name}" not found; authwatch models auth list shows those that are saved'
            )
        if not serves(one, provider):
            raise WriteRefused(f'auth profile "{name}" is for {one.provider}, not {provider}')
    cell = targets.orders(found, agent)
    listed = list(dict.fromkeys(ids))

    def edit(text: str) -> str:
        document(text)
        return put(text, ("order", auth_id(provider)), listed)

    cell.change(edit, now)
    return str(cell.path)


def clear_order(found: Installation, agent: str, provider: str, now: datetime) -> str | None:
    """Takes a stored order away; returns the changed file, None where none was stored."""
    if order_of(found, agent, provider) is None:
        return None
    cells = targets.every_order(found, agent)

    def edit(text: str) -> str:
        orders = document(text).get("order")
        for name in list(orders) if isinstance(orders, Mapping) else ():
            if auth_id(provider_id(name, found.generation)) == auth_id(provider):
                text = drop(text, ("order", name))
        return text

    for cell in cells:
        cell.change(edit, now)
    return str(cells[0].path)


def order_of(found: Installation, agent: str, provider: str) -> tuple[str, ...] | None:
    """The stored order of an agent for a provider; None where none is stored."""
    order = found.view(agent).order
    return order.get(auth_id(provider), order.get(provider))


# -- openclaw.json ------------------------------------------------------------------------------------------------


def _declared(found: Installation, pasted: Pasted, text: str) -> str:
    """openclaw.json with the profile in `auth.profiles`, and in front of an order that the config states."""
    path = found.places.config
    new = put(text, ("auth", "profiles", pasted.profile), {"provider": pasted.provider, "mode": pasted.kind.value})
    stated = _stated_order(found, pasted)
    if stated is not None:
        name, ids = stated
        new = put(new, ("auth", "order", name), ids)
    try:
        parse(new, path)
    except Unreadable as error:
        raise WriteRefused(f"{path}: {error.detail}; nothing was written") from None
    return new


def _declare(found: Installation, pasted: Pasted, now: datetime) -> tuple[str, ...]:
    """Writes the declaration; the lock is among our own, a change by OpenClaw in between is noticed."""
    path = found.places.config
    try:
        real = target(path)
        with held(real, now):
            old = content(real)
            text = (old or b"").decode("utf-8", "strict")
            new = _declared(found, pasted, text)
            if new == text:
                return ()
            replace(real, old, new.encode(), None if old is not None else 0o600)
    except WriteRefused as error:
        raise WriteRefused(f"the credential is saved, but not declared in {path}: {error}; run this again") from None
    return (str(path),)


def _config_text(found: Installation) -> str:
    path = found.places.config
    try:
        return (content(target(path)) or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise WriteRefused(f"{path} is not UTF-8 at byte {error.start}") from None


def _stated_order(found: Installation, pasted: Pasted) -> tuple[str, list[str]] | None:
    """The config's order with the new profile in front, as OpenClaw does: where one is stated, or kinds would mix."""
    orders = found.config.table("auth", "order")
    mine = [name for name in orders if auth_id(provider_id(name, found.generation)) == auth_id(pasted.provider)]
    if mine and isinstance(orders[mine[0]], list):
        rest = [one for one in orders[mine[0]] if isinstance(one, str) and one != pasted.profile]
        return mine[0], [pasted.profile, *rest]
    declared = found.config.names(found.generation).profiles
    others = {k: mode for k, (whose, mode) in declared.items() if auth_id(whose) == auth_id(pasted.provider)}
    others.pop(pasted.profile, None)
    if any(mode != pasted.kind.value for mode in others.values()):
        return auth_id(pasted.provider), [pasted.profile, *others]
    return None


def _mark_of(raw: Any) -> str:
    entry = raw if isinstance(raw, Mapping) else {}
    kind = entry.get("type", entry.get("mode"))
    if kind == Kind.OAUTH:
        return "a login"
    secret = entry.get("token" if kind == Kind.TOKEN else "key", entry.get("apiKey"))
    return _mark(secret.strip() if isinstance(secret, str) and secret.strip() else None, entry.get("expires"))


def _mark(secret: str | None, expires: Any) -> str:
    return hashlib.sha256(json.dumps([secret, expires]).encode()).hexdigest()
