"""API keys in the process environment. Listed variables are expected to be set; other known ones are only shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.model import Credential, Evidence, Finding, Kind, Observation, SourceEntry
from monitor.openclaw.auth_profiles import lifetime
from monitor.openclaw.env import PROVIDERS, is_oauth
from monitor.system.host import Host

#: What is shown unasked; AWS_PROFILE names a profile and is no secret.
_KNOWN: Final = {name: provider for name, provider in PROVIDERS.items() if name != "AWS_PROFILE"}

#: The variables that say where a provider's programs send its key, if not to the provider itself.
_BASES: Final = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "openai": "OPENAI_BASE_URL",
    "google": "GOOGLE_GEMINI_BASE_URL",
    "github-copilot": "GITHUB_API_URL",
}


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a variable: every listed one (`vars`, absent when unset or blank), else the known ones set."""
    listed = _listed(entry)
    for name, provider in (_KNOWN if listed is None else listed).items():
        value = (host.env(name) or "").strip()
        if value:
            yield _seen(host, entry, name, provider, value)
        elif listed is not None:
            absent = _credential(entry, name, provider)
            yield Observation(absent, Evidence.ABSENT, store=f"${name}", from_file=False)


def _listed(entry: SourceEntry) -> Mapping[str, str] | None:
    names = entry.options.get("vars")
    if names is None or isinstance(names, Mapping):
        return names
    return {name: PROVIDERS.get(name) or _guess(name) for name in names}


def _guess(name: str) -> str:
    """A provider's name from a variable's: ACME_API_KEY is acme's."""
    bare = name
    for end in ("_OAUTH_TOKEN", "_ACCESS_TOKEN", "_API_TOKEN", "_API_KEY", "_TOKEN", "_KEY"):
        if name.endswith(end):
            bare = name.removesuffix(end)
            break
    return (bare or name).lower().replace("_", "-").strip("-") or name


def _credential(entry: SourceEntry, name: str, provider: str) -> Credential:
    return Credential(entry.id, "-", provider, name, Kind.TOKEN if is_oauth(name) else Kind.API_KEY)


def _seen(host: Host, entry: SourceEntry, name: str, provider: str, value: str) -> Observation:
    who, lives = _credential(entry, name, provider), lifetime(value)
    if lives:
        who = who._replace(kind=Kind.TOKEN)
    if host.offered_keys is not None:
        host.offer(who, value, (host.env(_BASES[provider]) or "").strip() if provider in _BASES else "")
    return Observation(
        who,
        refreshable=False,
        fingerprint=host.fingerprint(value),
        store=f"${name}",
        lifetime=lives,
        from_file=False,
    )
