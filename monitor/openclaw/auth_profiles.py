"""One stored profile, read as its release reads it: old spellings, refresh fences, secret references."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import Kind, Secret
from monitor.openclaw.releases import Generation, number, provider_id, text

SOURCES: Final = frozenset({"env", "file", "exec", "store"})
_TEMPLATE: Final = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]{0,127})\}|([A-Z][A-Z0-9_]{0,127}))")


class SecretRef(NamedTuple):
    """Where a secret really lies: an environment variable, a file, a program or OpenClaw's own secret store."""

    source: str
    provider: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"


def reference(value: Any) -> SecretRef | None:
    """The reference that a config or store value stands for: an object, `${NAME}` or `$NAME`; else None."""
    if isinstance(value, str):
        found = _TEMPLATE.fullmatch(value.strip())
        return SecretRef("env", "default", found[1] or found[2]) if found else None
    if not isinstance(value, dict) or value.get("source") not in SOURCES:
        return None
    provider, name = value.get("provider", "default"), value.get("id")
    if not isinstance(provider, str) or not provider.strip() or not isinstance(name, str) or not name.strip():
        return None
    return SecretRef(value["source"], provider.strip(), name.strip())


def resolved(ref: SecretRef, lookup: Callable[[str], str | None]) -> bool | None:
    """Whether the reference leads to a secret: True for a set variable, None where only running it would tell."""
    return True if ref.source == "env" and lookup(ref.id) else None


_FENCE: Final = re.compile(r"openclaw-oauth-refresh-fence:v1:([a-f0-9]{32}):(failed:)?(access|refresh):[a-f0-9]{64}")
_COMMAND: Final = re.compile(r"openclaw\s+onboard(?:\s.*)?\s--auth-choice(?:\s|=|$)", re.IGNORECASE)


SETUP_TOKEN: Final = "sk-ant-oat01-"  # noqa: S105  how every token of `claude setup-token` begins
YEAR: Final = timedelta(days=365)  # how long Anthropic lets one live; the token itself does not say


def lifetime(secret: str) -> timedelta | None:
    """How long a key or token lives by its kind, wherever it stands; None where its kind has no end."""
    return YEAR if secret.startswith(SETUP_TOKEN) else None


class Fence(StrEnum):
    """The marker that OpenClaw puts in place of tokens while it refreshes them."""

    PENDING = "pending"
    FAILED = "failed"


class Profile(NamedTuple):
    """A stored credential. `expires` is in ms: None not given, 0 given and no usable number; `written_expires` is what
    the file holds. `agent` owns the store it lies in."""

    id: str
    provider: str
    kind: Kind
    agent: str
    store: Path
    secret: Secret | None = None
    ref: SecretRef | None = None
    access: Secret | None = None
    refresh: Secret | None = None
    expires: float | None = None
    written_expires: Any = None
    oauth_ref: bool = False
    setup_inactive: bool = False
    account: str | None = None
    email: str | None = None

    @property
    def fence(self) -> Fence | None:
        """Whether the tokens are a refresh marker, and of which sort."""
        if self.kind is not Kind.OAUTH or self.expires != 1:
            return None
        access, refresh = (one and _FENCE.fullmatch(one.reveal()) for one in (self.access, self.refresh))
        if not access or not refresh or (access[3], refresh[3]) != ("access", "refresh"):
            return None
        if access.group(1, 2) != refresh.group(1, 2):
            return None
        return Fence.FAILED if access[2] else Fence.PENDING

    @property
    def pasted_command(self) -> bool:
        """Whether somebody pasted a command where the key belongs."""
        return bool(self.secret and _COMMAND.match(self.secret.reveal()))

    @property
    def of_subscription(self) -> bool:
        """Whether the secret is a token of `claude setup-token`."""
        return self.secret is not None and self.secret.reveal().startswith(SETUP_TOKEN)

    @property
    def identity(self) -> Secret | None:
        """The secret by which a login is recognised: the refresh token before any other."""
        return self.refresh or self.secret or self.access


def profile(
    name: str, raw: Any, generation: Generation, *, agent: str, store: Path, provider: str | None = None
) -> Profile | None:
    """The profile that an entry of a store means; None for what OpenClaw drops on load."""
    if not isinstance(raw, Mapping):
        return None
    kind = _kind(raw, generation)
    written = raw.get("provider", provider)
    if not isinstance(written, str) or not written.strip() or kind is None:
        return None
    secret, ref = _secret(raw, kind)
    given = "expires" in raw and kind is not Kind.API_KEY
    moment = number(raw.get("expires"))
    newest, setup = generation is Generation.SHARED, raw.get("setup")
    return Profile(
        id=name,
        provider=provider_id(text(written) or "", generation),
        kind=kind,
        agent=agent,
        store=store,
        secret=secret,
        ref=ref,
        access=_hidden(raw.get("access")),
        refresh=_hidden(raw.get("refresh")),
        expires=(moment if moment and moment > 0 else 0) if given else None,
        written_expires=raw.get("expires"),
        oauth_ref=isinstance(raw.get("oauthRef"), Mapping),
        setup_inactive=newest and isinstance(setup, Mapping) and setup.get("replacement") is True,
        account=text(raw.get("accountId")),
        email=text(raw.get("email")),
    )


def _kind(raw: Mapping[str, Any], generation: Generation) -> Kind | None:
    written = raw["type"] if "type" in raw else raw.get("mode")
    if written == "apiKey" and generation is not Generation.JSON:
        return Kind.API_KEY
    return Kind(written) if written in (Kind.API_KEY, Kind.TOKEN, Kind.OAUTH) else None


def _secret(raw: Mapping[str, Any], kind: Kind) -> tuple[Secret | None, SecretRef | None]:
    """The key or token, or the reference to it; a `${NAME}` in its place is one too."""
    if kind is Kind.OAUTH:
        return None, None
    name = "key" if kind is Kind.API_KEY else "token"
    value = raw.get(name, raw.get("apiKey") if kind is Kind.API_KEY else None)
    ref = reference(raw.get(f"{name}Ref")) or reference(value)
    return _hidden(value), ref


def _hidden(value: Any) -> Secret | None:
    found = text(value)
    return Secret(found) if found else None
