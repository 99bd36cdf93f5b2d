"""What `models status`, `auth list` and `auth order get` list, as data and as lines; no part of any secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from alerts.formats import visible
from alerts.timefmt import iso
from monitor.model import Kind
from monitor.openclaw.auth_profiles import Profile
from monitor.openclaw.compat.classification import remaining
from monitor.openclaw.compat.exit_codes import ExitCodeInput
from monitor.openclaw.env import VARIABLES, ConfigKey, is_oauth
from monitor.openclaw.installation import Installation
from monitor.openclaw.observations import moment
from monitor.openclaw.order import serves
from monitor.openclaw.releases import MAIN, Generation
from monitor.openclaw.stores import DATABASE, PROFILES, STATE
from monitor.system.host import Host


def providers(ask: ExitCodeInput) -> list[str]:
    """Every provider that is stored, used, configured or has a variable."""
    named = {one.profile.provider for one in ask.healths} | {one.provider for one in ask.models}
    configured = {name.strip().lower() for name in ask.config.table("models", "providers") if isinstance(name, str)}
    return sorted(named | configured | {name for name in VARIABLES if ask.variable(name)})


def overview(ask: ExitCodeInput, provider: str, host: Host, found: Installation) -> dict[str, Any] | None:
    """What serves one provider; None where nothing does."""
    profiles = [ask.view.profiles[name] for name in ask.view.serving(provider)]
    variable, key = ask.variable(provider), ask.config_key(provider)
    if not profiles and not variable and key is ConfigKey.NONE:
        return None
    kinds = [one.kind for one in profiles]
    entry: dict[str, Any] = {
        "provider": provider,
        "effective": _effective(profiles, variable, key, host, plain=ask.view.generation is Generation.JSON),
        "profiles": {
            "count": len(kinds),
            "oauth": kinds.count(Kind.OAUTH),
            "token": kinds.count(Kind.TOKEN),
            "apiKey": kinds.count(Kind.API_KEY),
            "labels": [_label(one) for one in profiles],
        },
    }
    if variable:
        entry["env"] = {"value": "OAuth (env)" if is_oauth(variable) else "set", "source": f"env: {variable}"}
    if key is not ConfigKey.NONE:
        entry["modelsJson"] = {"value": key.value, "source": f"models.json: {host.show(found.places.config)}"}
    return entry


def _effective(
    profiles: list[Profile], variable: str | None, key: ConfigKey, host: Host, *, plain: bool
) -> dict[str, str]:
    if profiles:
        return {"kind": "profiles", "detail": host.show(profiles[0].store)}
    if variable:
        return {"kind": "env", "detail": "OAuth (env)" if is_oauth(variable) else variable}
    if key is ConfigKey.UNRESOLVED:
        return {"kind": "missing", "detail": "missing"}
    # To 2026.5.7 a variable in the config was filled in before anybody looked.
    return {"kind": "env" if key is ConfigKey.SET and not plain else "models.json", "detail": key.value}


def oauth_variable(entry: Mapping[str, Any]) -> int:
    """1 where a subscription token comes from a variable."""
    return int(entry.get("env", {}).get("value") == "OAuth (env)")


def _label(one: Profile) -> str:
    if one.kind is Kind.OAUTH:
        return f"{one.id}=OAuth{f' ({one.email})' if one.email else ''}"
    word = f"ref({one.ref})" if one.ref else "set" if one.secret else "missing"
    return f"{one.id}={'token:' if one.kind is Kind.TOKEN else ''}{word}"


def listed(found: Installation, agent: str, provider: str | None, show: Callable[[Path], str]) -> dict[str, Any]:
    """The object of `openclaw models auth list --json`; `show` writes a path as people do."""
    profiles = []
    for one in found.view(agent).profiles.values():
        if provider is None or serves(one, provider):
            label = f"{one.id} ({one.email})" if one.email else one.id
            entry: dict[str, Any] = {"id": one.id, "provider": one.provider, "type": one.kind.value, "label": label}
            expires = moment(one.expires)
            if expires is not None:
                entry["expiresAt"] = iso(expires, "milliseconds")
            profiles.append(entry)
    return {
        "agentId": agent,
        "agentDir": show(folder(found, agent)),
        "authStatePath": show(state_path(found, agent)),
        "provider": provider,
        "profiles": sorted(profiles, key=lambda entry: entry["id"]),
    }


def folder(found: Installation, agent: str) -> Path:
    """An agent's folder."""
    return found.folders.get(agent, found.places.agent_dir(agent))


def state_path(found: Installation, agent: str) -> Path:
    """The file that holds an agent's orders."""
    here = folder(found, agent)
    if found.generation is Generation.JSON:
        return here / STATE if (here / STATE).exists() else here / PROFILES
    shared = agent == MAIN and found.base.path == found.places.database and not (here / DATABASE).exists()
    return found.places.database if shared else here / DATABASE


_WORDS: Final = {
    "missing_credential": "no token or key stored",
    "invalid_expires": "its expiry date is invalid",
    "unresolved_ref": "the file with its tokens is missing",
    "setup_inactive": "saved, not active",
    "malformed_api_key": "a command was pasted instead of a key",
}


def lines(data: Mapping[str, Any], notes: tuple[str, ...]) -> Iterator[str]:
    """What is so: models, store, then a line per profile, then what is missing."""
    auth = data["auth"]
    yield f"Default model  {data['defaultModel']}"
    if data["fallbacks"]:
        yield f"Fallbacks      {', '.join(data['fallbacks'])}"
    yield f"Auth store     {auth['storePath']}"
    yield ""
    resting = {one["profileId"]: one for one in auth["unusableProfiles"]}
    for one in auth["oauth"]["profiles"]:
        yield f"- {visible(one['label'])}: {_state(one)}{_rest(resting.get(one['profileId']))}"
    for one in auth["providers"]:
        if one["profiles"]["count"] == 0:
            yield f"- {one['provider']}: {one['effective']['kind']} {one.get('env', {}).get('source', '')}".rstrip()
    for provider in auth["missingProvidersInUse"]:
        yield f"- {provider}: in use, but has no login or key"
    for note in notes:
        yield f"! {visible(note)}"


def _state(one: Mapping[str, Any]) -> str:
    word = str(one["status"])
    if "remainingMs" in one and word in ("ok", "expiring"):
        return f"{word}, {remaining(one['remainingMs'])} left"
    reason = _WORDS.get(one.get("reasonCode", ""))
    return f"{word} ({reason})" if reason else word


def _rest(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    reason = f", {one['reason']}" if "reason" in one else ""
    return f" [{one['kind']}{reason}, {remaining(one['remainingMs'])} left]"
