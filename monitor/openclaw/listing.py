"""What `openclaw models auth list` and `auth order get` answer: saved profiles and their places, no secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.openclaw.evidence import moment
from monitor.openclaw.order import serves
from monitor.openclaw.reading import Installation
from monitor.openclaw.releases import MAIN, Generation
from monitor.openclaw.stores import DATABASE, PROFILES, STATE


def listed(found: Installation, agent: str, provider: str | None, show: Callable[[Path], str]) -> dict[str, Any]:
    """The object of `openclaw models auth list --json`; `show` writes a path as people do."""
    profiles = []
    for one in found.view(agent).profiles.values():
        if provider is None or serves(one, provider):
            label = f"{one.id} ({one.email})" if one.email else one.id
            entry = {"id": one.id, "provider": one.provider, "type": one.kind.value, "label": label}
            expires = moment(one.expires)
            if expires is not None:
                entry["expiresAt"] = f"{expires:%Y-%m-%dT%H:%M:%S}.{expires.microsecond // 1000:03d}Z"
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
