"""Pins a session to a profile in the session file of releases to 2026.7; elsewhere says what to type.

Facts by OpenClaw 2026.9.6: six triggers on `session_nodes` mark a changed session as not validated (`entry_valid` 0,
`session_canonical_validation_pending`), and its gateway serves sessions from a cache of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.openclaw.config import Model
from monitor.openclaw.installation import Installation
from monitor.openclaw.order import serves
from monitor.openclaw.pins import sessions_file
from monitor.openclaw.releases import Generation, auth_id
from monitor.openclaw.write.json_edit import drop, put
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target
from monitor.openclaw.write.transaction import document

_RUNTIME = ("model", "modelProvider", "contextTokens", "contextBudgetStatus")
_PIN = ("authProfileOverride", "authProfileOverrideSource", "authProfileOverrideCompactionCount")


@dataclass(frozen=True, slots=True)
class PinRequest:
    """What a person wants: this session with this model on this profile."""

    session: str
    model: Model
    profile: str
    written: str


def request_of(found: Installation, agent: str, written: str, session: str) -> PinRequest:
    """What `alias-or-id@profileId` means; raises WriteRefused for an unknown profile or one of another provider."""
    name, at, profile = written.partition("@")
    if not at or not name.strip() or not profile.strip():
        raise WriteRefused(f"{written!r} names no profile; expected MODEL@PROFILE, such as sonnet@anthropic:work")
    one = found.view(agent).profiles.get(profile.strip())
    if one is None:
        raise WriteRefused(
            f'auth profile "{profile.strip()}" not found; `authwatch models auth list` lists the saved ones'
        )
    model = found.config.model(name, found.generation)
    if not serves(one, model.provider):
        raise WriteRefused(
            f"{one.id} is for {one.provider}, but {name.strip()} is a model of {auth_id(model.provider)}"
        )
    return PinRequest(session.strip(), model, one.id, f"{name.strip()}@{one.id}")


def pin(found: Installation, agent: str, wanted: PinRequest, now: datetime) -> str:
    """Writes the pin as `/model` does; returns the changed file. Raises WriteRefused where only the chat can do it."""
    if found.generation is Generation.SHARED:
        raise WriteRefused(_chat(wanted.session, f"/model {wanted.written}"))
    config = found.config
    primary = config.primary(agent)
    default = config.model(primary, found.generation) if primary else None
    same = default is not None and (default.provider, default.name) == (wanted.model.provider, wanted.model.name)

    def edit(text: str, entry: Mapping[str, Any]) -> str:
        fields: dict[str, Any] = {"authProfileOverride": wanted.profile, "authProfileOverrideSource": "user"}
        gone = ["authProfileOverrideCompactionCount", *_RUNTIME]
        if same:
            gone += ["providerOverride", "modelOverride", "modelOverrideSource"]
        else:
            model = {"providerOverride": wanted.model.provider, "modelOverride": wanted.model.name}
            fields |= {**model, "modelOverrideSource": "user"}
        return _edited(text, wanted.session, fields, gone, now)

    return _change(found, agent, wanted.session, edit)


def unpin(found: Installation, agent: str, session: str, now: datetime) -> str:
    """Takes the pin away and leaves the session's model; returns the changed file."""
    if found.generation is Generation.SHARED:
        raise WriteRefused(_chat(session, "/model default"))

    def edit(text: str, entry: Mapping[str, Any]) -> str:
        if not entry.get("authProfileOverride"):
            raise WriteRefused(f"session {session} is not pinned")
        return _edited(text, session, {}, list(_PIN), now)

    return _change(found, agent, session, edit)


def _edited(text: str, session: str, fields: Mapping[str, Any], gone: list[str], now: datetime) -> str:
    for name, value in {**fields, "updatedAt": int(now.timestamp() * 1000)}.items():
        text = put(text, (session, name), value)
    for name in gone:
        text = drop(text, (session, name))
    return text


def _change(found: Installation, agent: str, session: str, edit: Callable[[str, Mapping[str, Any]], str]) -> str:
    """OpenClaw takes no lock on this file between processes, so the last look at it is right before the replacement."""
    path = sessions_file(found, agent)
    real = target(path)
    old = content(real)
    entries = document(old.decode("utf-8", "strict")) if old else {}
    entry = entries.get(session)
    if not isinstance(entry, Mapping):
        known = ", ".join(sorted(entries)[:5])
        raise WriteRefused(
            f"agent {agent} has no session {session!r}; " + (f"it has: {known}" if known else "it has no sessions yet")
        )
    new = edit((old or b"").decode(), entry)
    try:
        json.loads(new)
    except ValueError:
        raise WriteRefused(f"{path}: the change would not be valid JSON; nothing was written") from None
    replace(real, old, new.encode(), None)
    return str(path)


def _chat(session: str, line: str) -> str:
    return (
        "this OpenClaw release keeps its sessions in a database with triggers, which authwatch does not run; nothing "
        f"was written. Type this in session {session} instead:\n    {line}"
    )
