"""`models status` from the files alone: OpenClaw's keys and codes, and no part of any secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from monitor.openclaw.auth_profiles import reference
from monitor.openclaw.compat import exit_codes
from monitor.openclaw.compat.classification import ProfileStatus, Rollup, Status, healths, rollups
from monitor.openclaw.compat.exit_codes import ExitCodeInput
from monitor.openclaw.compat.listing import oauth_variable, overview, providers
from monitor.openclaw.config import agent_id, unknown_agent
from monitor.openclaw.installation import Installation, read
from monitor.openclaw.releases import DEFAULT_MODEL, MAIN, WARN_MS, Generation, provider_id
from monitor.openclaw.stores import DATABASE, PROFILES, Fault
from monitor.openclaw.usage import EXEMPT
from monitor.system.host import Host


class ModelsStatus(NamedTuple):
    """The answer, or why there is none (`refusal`; then every code is 1)."""

    data: Mapping[str, Any] = MappingProxyType({})
    refusal: str | None = None
    notes: tuple[str, ...] = ()
    codes: tuple[int, int] = (1, 1)

    def json(self) -> dict[str, Any]:
        """The object that `openclaw models status --json` would print."""
        if self.refusal is not None:
            return {"ok": False, "error": {"type": "cli_error", "message": self.refusal}}
        return dict(self.data)

    def plain(self) -> str:
        """The default model, `provider/model`."""
        return f"Error: {self.refusal}" if self.refusal is not None else str(self.data["resolvedDefault"])

    def text(self) -> str:
        """A short account for people."""
        from monitor.openclaw.compat.listing import lines

        return f"Error: {self.refusal}" if self.refusal is not None else "\n".join(lines(self.data, self.notes))

    def check(self, strict: bool = False) -> int:
        """0 fine, 1 expired, missing or refused, 2 expiring within 24 h; `strict` counts every stored login."""
        return self.codes[1 if strict else 0]


def report(host: Host, agent: str | None, now: datetime) -> ModelsStatus:
    """The model auth of one agent (None: the default one) at a moment; never raises, writes nothing."""
    found = read(host)
    found = found._replace(environment=found.environment.of_shell())  # as its own status command, run here
    chosen = _agent(found, agent)
    if isinstance(chosen, ModelsStatus):
        return chosen
    name = chosen
    for fault in found.faults:
        if fault.refuses and fault.agent in (None, name, MAIN):
            return ModelsStatus(refusal=_refusal(host, fault))
    unset = _unset(found)
    if unset:
        return ModelsStatus(refusal=f"{host.show(found.places.config)}: {unset} refers to a variable that is not set.")
    at = now.timestamp() * 1000
    ask = _question(found, name, named=agent is not None, now=at)
    data = _data(host, found, ask, name, named=agent is not None)
    notes = tuple(f"{host.show(f.path)}: {f.detail}" for f in found.faults if f.agent in (None, name, MAIN))
    return ModelsStatus(data, None, notes, (exit_codes.plain_code(ask), exit_codes.strict_code(ask)))


def _agent(found: Installation, agent: str | None) -> str | ModelsStatus:
    broken = next((f for f in found.faults if f.refuses and f.path == found.places.config and f.agent is None), None)
    if agent is None or (broken and agent_id(agent)):
        default = found.config.default_agent(found.generation)
        return default or ModelsStatus(refusal="Several agents and none of them is the default. Pass --agent <id>.")
    if not agent.strip():
        return ModelsStatus(refusal="--agent must not be blank")
    name = agent_id(agent)
    if not found.known(name):
        return ModelsStatus(refusal=unknown_agent(agent))
    return name


def _unset(found: Installation) -> str | None:
    """The first config key whose variable is not set: the newest releases then answer nothing at all."""
    if found.generation is not Generation.SHARED:
        return None
    for name in found.config.table("models", "providers"):
        provider = provider_id(name, found.generation)
        value = found.config.provider_entry(provider, found.generation).get("apiKey")
        ref = reference(value) if isinstance(value, str) else None
        if ref and not found.environment.get(ref.id):
            return f"models.providers.{provider}.apiKey"
    return None


def _refusal(host: Host, fault: Fault) -> str:
    return f"{host.show(fault.path)}: {fault.detail}."


def _question(found: Installation, name: str, *, named: bool, now: float) -> ExitCodeInput:
    view = found.view(name, now)
    asked = name if named else None
    models = found.config.models_in_use(asked, found.generation)
    if found.config.primary(asked) is None:
        models.insert(0, found.config.model(DEFAULT_MODEL[found.generation], found.generation))
    states = healths(view, now)
    summary = rollups(view, found.config, states, now)
    return ExitCodeInput(view, found.config, found.environment, tuple(models), states, summary, now)


def _data(host: Host, found: Installation, ask: ExitCodeInput, name: str, *, named: bool) -> dict[str, Any]:
    config, asked = found.config, name if named else None
    primary = config.primary(asked) or DEFAULT_MODEL[found.generation]
    images = config.image_models
    has_image = config.at("agents", "defaults", "imageModel")
    data: dict[str, Any] = {"configPath": str(found.places.config)}
    if named:
        data["agentId"] = name
    data |= {
        "agentDir": str(_folder(found, name, named=named)),
        "defaultModel": primary,
        "resolvedDefault": str(config.model(primary, found.generation)),
        "fallbacks": config.fallbacks(asked),
        "imageModel": images[0] if images and has_image else None,
        "imageFallbacks": images[1:],
    }
    if found.generation is Generation.SHARED:
        utility = config.utility_model(asked)
        ref = str(config.model(utility, found.generation)) if utility else None
        data["utilityModel"] = {"ref": ref, "source": "config" if utility else "none"}
    if named:
        own = config.agents.get(name, {}).get("model")
        data["modelConfig"] = {
            "defaultSource": "agent" if own and config.primary(name) != config.primary(None) else "defaults",
            "fallbacksSource": "agent" if own else "defaults",
        }
    data["aliases"] = {k: str(config.model(v, found.generation)) for k, v in config.aliases.items()}
    data["allowed"] = []
    data["auth"] = _auth(host, found, ask, name, named=named)
    return data


def _folder(found: Installation, name: str, *, named: bool) -> Path:
    asked = found.places.asked_dir
    return asked if asked is not None and not named else found.folders.get(name, found.places.agent_dir(name))


def _auth(host: Host, found: Installation, ask: ExitCodeInput, name: str, *, named: bool) -> dict[str, Any]:
    listed = [entry for one in providers(ask) if (entry := overview(ask, one, host, found))]
    expirable = [
        f"{one['provider']} ({count})"
        for one in listed
        if (count := one["profiles"]["oauth"] + one["profiles"]["token"] + oauth_variable(one))
    ]
    auth: dict[str, Any] = {
        "storePath": str(_store_path(found, _folder(found, name, named=named))),
        "shellEnvFallback": {"enabled": bool(ask.config.at("env", "shellEnv", "enabled")), "appliedKeys": []},
        "providersWithOAuth": expirable,
        "missingProvidersInUse": list(exit_codes.missing(ask)),
    }
    if found.generation is Generation.SHARED:
        auth["modelRouteIssues"] = _issues(ask)
    if found.generation is not Generation.JSON:
        auth["runtimeAuthRoutes"] = []
    auth["providers"] = listed
    auth["unusableProfiles"] = _unusable(ask)
    auth["oauth"] = {
        "warnAfterMs": WARN_MS,
        "profiles": [_profile(one, ask.now) for one in ask.healths],
        "providers": [_rollup(one, ask.now) for one in ask.rollups],
    }
    return auth


def _store_path(found: Installation, folder: Path) -> Path:
    if found.generation is Generation.JSON:
        return folder / PROFILES
    shared = found.generation is Generation.SHARED and found.base.path == found.places.database
    has_own = any(store.path == folder / DATABASE for store in found.stores.values())
    return found.places.database if shared and not has_own else folder / DATABASE


def _issues(ask: ExitCodeInput) -> list[dict[str, Any]]:
    seen = dict.fromkeys(one for one in ask.models if ask.answer(one).ready is None)
    return [
        {
            "kind": "indeterminate",
            "provider": one.provider,
            "model": one.name,
            "message": f"Whether {one} can log in is unknown without trying.",
        }
        for one in seen
    ]


def _profile(one: ProfileStatus, now: float) -> dict[str, Any]:
    stored = one.profile
    entry: dict[str, Any] = {
        "profileId": stored.id,
        "provider": stored.provider,
        "type": stored.kind.value,
        "status": one.status.value,
    }
    if one.reason:
        entry["reasonCode"] = one.reason
    entry |= _clock(one.expires, now, known=one.status is not Status.MISSING)
    label = f"{stored.id} ({stored.email})" if stored.email else stored.id
    return {**entry, "source": "store", "label": f"{label} (saved, inactive)" if stored.setup_inactive else label}


def _clock(expires: Any, now: float, *, known: bool = True) -> dict[str, Any]:
    if expires is None:
        return {}
    return {"expiresAt": expires, **({"remainingMs": expires - now} if known else {})}


def _rollup(one: Rollup, now: float) -> dict[str, Any]:
    entry: dict[str, Any] = {"provider": one.provider, "status": one.status.value, **_clock(one.expires, now)}
    entry["profiles"] = [_profile(each, now) for each in one.profiles]
    if one.effective is not None:
        entry["effectiveProfiles"] = [_profile(each, now) for each in one.effective]
    return entry


def _unusable(ask: ExitCodeInput) -> list[dict[str, Any]]:
    found = []
    for name, usage in ask.view.usage.items():
        one, until = ask.view.profiles.get(name), usage.until
        if until is None or ask.now >= until or (one is not None and one.provider in EXEMPT):
            continue
        disabled = usage.disabled(ask.now)
        newest = ask.view.generation is Generation.SHARED
        reason = usage.disabled_reason if disabled or not newest else usage.cooldown_reason
        entry: dict[str, Any] = {"profileId": name, "provider": one.provider if one else None}
        entry["kind"] = "disabled" if disabled else "cooldown"
        if reason:
            entry["reason"] = reason
        found.append({**entry, "until": until, "remainingMs": until - ask.now})
    return sorted(found, key=lambda entry: entry["remainingMs"])
