"""What serves each provider, as `models status` lists it; labels never show a part of a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.host import Host
from monitor.model import Kind
from monitor.openclaw.check import ConfigKey, Question
from monitor.openclaw.credentials import Profile
from monitor.openclaw.envkeys import VARIABLES, is_oauth
from monitor.openclaw.reading import Installation
from monitor.openclaw.releases import Generation


def providers(ask: Question) -> list[str]:
    """Every provider that is stored, used, configured or has a variable."""
    named = {one.profile.provider for one in ask.healths} | {one.provider for one in ask.models}
    configured = {name.strip().lower() for name in ask.config.table("models", "providers") if isinstance(name, str)}
    return sorted(named | configured | {name for name in VARIABLES if ask.variable(name)})


def overview(ask: Question, provider: str, host: Host, found: Installation) -> dict[str, Any] | None:
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
