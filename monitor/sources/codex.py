"""Codex: the login or key in its `auth.json`, and what it sends instead if `config.toml` or a variable says so.

As of version 0.171.0 and openai/codex codex-rs/login: the login's expiry is the `exp` of the access token (10 days),
never that of the id_token (1 hour). Codex rejects a store as a whole if it cannot decode the id_token. `{}` is not a
login, whatever `codex login status` says. A custom `model_provider` sends its own key, unless it has
`requires_openai_auth`. CODEX_API_KEY counts for `codex exec`. Refresh tokens are single-use, so authwatch never sends
one to a provider. `codex login` first revokes and deletes the existing login, so `authwatch relogin` runs it in a
separate home.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from alerts.timefmt import date
from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem, SourceEntry, Trouble
from monitor.sources.jwt import claims, dates
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace
from monitor.sources.timestamps import moment
from monitor.sources.toml import table
from monitor.system.host import Host, Unreadable, printable


def keeps_in(asked: Mapping[str, Any]) -> str:
    """`file`, `keyring`, `auto` (the keyring, else the file) or `ephemeral`: its setting cli_auth_credentials_store."""
    found = asked.get("cli_auth_credentials_store", "file")
    return found if isinstance(found, str) else "file"


def settings(host: Host, path: Path) -> Mapping[str, Any]:
    """What its `config.toml` says; nothing where there is none.

    Raises `Unreadable`, with line and column but no text: some settings there hold secrets.
    """
    return table(host, path) or {}


#: How Codex logs in from any machine. On its own home the first thing that `codex login` does is to revoke and delete
#: the login that is there (0.171.0; openai/codex #27674, #46430), so that nobody is ever told to run it there.
DEVICE: Final = "--device-auth"
WITH_TOKEN: Final = "--with-access-token"  # noqa: S105  a flag
LOCATIONS: Final = (LocationVariable("CODEX_HOME"),)


class Mode(NamedTuple):
    """What an `auth_mode` means: the field that holds the secret, our profile, kind, and the flag of `codex login`."""

    field: str
    profile: str
    kind: Kind
    flag: str = DEVICE


MODES: Final = {
    "chatgpt": Mode("tokens", "codex:chatgpt", Kind.OAUTH),
    "chatgptauthtokens": Mode("tokens", "codex:chatgpt", Kind.OAUTH),
    "apikey": Mode("OPENAI_API_KEY", "codex:apikey", Kind.API_KEY, "--with-api-key"),
    "agentidentity": Mode("agent_identity", "codex:agent-identity", Kind.TOKEN, WITH_TOKEN),
    "personalaccesstoken": Mode("personal_access_token", "codex:personal-access-token", Kind.TOKEN, WITH_TOKEN),
    "bedrockapikey": Mode("bedrock_api_key", "codex:bedrock-api-key", Kind.API_KEY),
    "bedrockaccesskeys": Mode("bedrock_access_keys", "codex:bedrock-access-keys", Kind.API_KEY),
}

#: The strongest first. A provider of the config that wants the login (`requires_openai_auth`) takes what follows.
PROVIDER, ACCESS_TOKEN, API_KEY, STORE = "model_provider", "CODEX_ACCESS_TOKEN", "CODEX_API_KEY", "auth.json"
LADDER: Final = (PROVIDER, ACCESS_TOKEN, API_KEY, STORE)
#: Its own name for what its login is for, and for what `bedrock*` logins are for.
OPENAI, BEDROCK = "openai", "amazon-bedrock"
_BEDROCK: Final = "codex:bedrock-"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """Everything in the ladder. `home` and `path` options make a login expected; with either, the environment, which is
    another's, is not asked, and with `path` nothing but that file is looked at."""
    ask = not entry.options
    moved = (ask and host.env("CODEX_HOME")) or ""
    at = host.at(host.path(entry.options["home"])) if "home" in entry.options else host
    folder = at.path(moved or "~/.codex")
    path = host.path(entry.options["path"]) if "path" in entry.options else folder / "auth.json"
    blank = Observation(_who(entry, "codex:default", Kind.OAUTH), store=host.show(path), host_path=str(path))
    config = folder / "config.toml"
    asked: Mapping[str, Any] = {}
    place = "file"
    try:
        if "path" not in entry.options:
            asked = settings(at, config)
            place = keeps_in(asked)
    except Unreadable as error:
        yield Trouble(entry.id, error.problem, host.show(error.path), error.detail, host_path=str(error.path))
    places: dict[str, Place] = {}
    login = _login(at, entry, blank, path, place)
    if login:
        prefix = f"CODEX_HOME={shlex.quote(str(folder))} " if moved else ""
        if not login.credential.profile.startswith(_BEDROCK):
            login = login._replace(relogin=f"{prefix}authwatch relogin {shlex.quote(login.credential.key)}")
        places[STORE] = Place((login,))
    if token := ((ask and host.env(ACCESS_TOKEN)) or "").strip():
        seen = _in_environment(host, entry, "codex:env", Kind.TOKEN, ACCESS_TOKEN, token)
        places[ACCESS_TOKEN] = Place((_dated(seen, token),), at="environment")
    if key := ((ask and host.env(API_KEY)) or "").strip():
        seen = _in_environment(host, entry, f"codex:{API_KEY}", Kind.API_KEY, API_KEY, key)
        host.offer(seen.credential, key)
        places[API_KEY] = Place((seen._replace(notes=("only codex exec sends it",)),), at="environment")
    if (own := _own_provider(host, entry, asked, config, login, ask=ask)) is not None:
        places[PROVIDER] = own
    yield from line_up(entry.id, OPENAI, LADDER, places)
    if asked.get("mcp_servers") or at.exists(folder / ".credentials.json"):
        from monitor.sources import mcp_codex  # costs half a bare interpreter

        yield from mcp_codex.observe(StorePlace.of(host, entry), folder, settings)


def _in_environment(host: Host, entry: SourceEntry, profile: str, kind: Kind, name: str, value: str) -> Observation:
    who = _who(entry, profile, kind)
    return Observation(who, store=f"${name}", from_file=False, refreshable=False, fingerprint=host.fingerprint(value))


def _own_provider(
    host: Host, entry: SourceEntry, asked: Mapping[str, Any], config: Path, login: Observation | None, *, ask: bool
) -> Place | None:
    """What the provider that the config chooses sends; None where it takes the login."""
    profiles, name = asked.get("profiles"), asked.get("profile")
    chosen = profiles.get(name) if isinstance(profiles, Mapping) and isinstance(name, str) else None
    given = chosen.get("model_provider") if isinstance(chosen, Mapping) else None
    named = given or asked.get("model_provider") or OPENAI
    table = asked.get("model_providers")
    one = table.get(named) if isinstance(table, Mapping) and isinstance(named, str) else None
    own = one if isinstance(one, Mapping) else {}
    if not isinstance(named, str) or named == OPENAI or own.get("requires_openai_auth") is True:
        return None
    if named == BEDROCK and login and login.credential.profile.startswith(_BEDROCK):
        return None
    at = f"{printable(named)} in {host.show(config)}"
    profile = f"codex:{printable(named)}"
    token = own.get("experimental_bearer_token")
    if isinstance(token, str) and token.strip():
        seen = Observation(
            _who(entry, profile, Kind.TOKEN), store=host.show(config), host_path=str(config), refreshable=False
        )
        return Place((seen._replace(fingerprint=host.fingerprint(token.strip())),), at=at)
    variable = own.get("env_key")
    if not isinstance(variable, str) or not variable.strip():
        return Place(switch=True, at=at)
    value = ((ask and host.env(variable)) or "").strip()
    seen = _in_environment(host, entry, profile, Kind.API_KEY, printable(variable), value)
    if not value:
        notes = (f"the variable {printable(variable)} is not set here",)
        seen = seen._replace(evidence=Evidence.HIDDEN, fingerprint=None, notes=notes)
    return Place((seen,), at=at)


def _who(entry: SourceEntry, profile: str, kind: Kind) -> Credential:
    return Credential(entry.id, "-", OPENAI, profile, kind)


def _login(host: Host, entry: SourceEntry, blank: Observation, path: Path, place: str) -> Observation | None:
    """What is stored; None where nothing is installed and nothing expected."""
    hidden = blank._replace(evidence=Evidence.HIDDEN)
    if place == "ephemeral":
        return hidden._replace(notes=("config.toml keeps the login in memory only",))
    try:
        if place == "keyring":
            return hidden._replace(problem=Problem.KEYCHAIN)
        stored = host.json(path)
        if stored is None and not host.exists(path):
            if place == "auto":  # the keyring first, the file where there is none
                return hidden._replace(problem=Problem.KEYCHAIN)
            return blank._replace(evidence=Evidence.ABSENT) if entry.options else None
        return _read(host, entry, stored, blank, path)
    except Unreadable as error:
        return blank._replace(problem=error.problem, notes=(error.detail,))


def _read(host: Host, entry: SourceEntry, stored: Any, blank: Observation, path: Path) -> Observation:
    if not isinstance(stored, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    named = stored.get("auth_mode")
    known = not named or (isinstance(named, str) and named.lower() in MODES)
    if known and not any(stored.get(mode.field) for mode in MODES.values()):
        return blank._replace(evidence=Evidence.ABSENT)
    named = named or ("apikey" if stored.get("OPENAI_API_KEY") else "chatgpt")
    mode = MODES.get(named.lower()) if isinstance(named, str) else None
    if mode is None:
        raise Unreadable(Problem.PARSE, path, "its auth_mode is not known")
    seen = blank._replace(credential=_who(entry, mode.profile, mode.kind))
    secret = stored.get(mode.field)
    if not secret:
        return seen._replace(evidence=Evidence.ABSENT)
    try:
        if mode.field == "tokens":
            return _chatgpt(host, secret, seen._replace(notes=_refreshed(stored)))
        return _secret(host, secret, seen._replace(refreshable=False))
    except ValueError as error:
        return seen._replace(problem=Problem.PARSE, notes=(str(error),))


def _secret(host: Host, secret: Any, blank: Observation) -> Observation:
    if isinstance(secret, Mapping) and blank.credential.profile != "codex:apikey":
        # An older agent identity, or keys with their region: neither states an end.
        return blank._replace(fingerprint=host.fingerprint(repr(sorted(map(repr, secret.items())))))
    if not isinstance(secret, str):
        raise ValueError("what it is to log in with is not a text")
    seen = blank._replace(fingerprint=host.fingerprint(secret))
    host.offer(seen.credential, secret)
    return seen if seen.credential.kind is Kind.API_KEY else _dated(seen, secret)


def _chatgpt(host: Host, tokens: Any, blank: Observation) -> Observation:
    if not isinstance(tokens, Mapping):
        raise ValueError("tokens is not an object")
    access, refresh = (tokens.get(name) for name in ("access_token", "refresh_token"))
    if not all(token is None or isinstance(token, str) for token in (access, refresh)):
        raise ValueError("a token is not a text")
    if not access and not refresh:
        return blank._replace(evidence=Evidence.BLANKED, refreshable=False)
    seen = blank._replace(refreshable=bool(refresh), fingerprint=host.fingerprint(refresh or access or ""))
    if not _decodes(tokens.get("id_token")):
        notes = (*seen.notes, "its id_token cannot be decoded, so Codex refuses the whole file")
        return seen._replace(evidence=Evidence.UNUSABLE, notes=notes)
    return _dated(seen, access or "")


def _decodes(id_token: Any) -> bool:
    """Whether Codex could read it. One that is absent is let pass: releases differ in what they ask for."""
    try:
        if id_token is not None:
            claims(id_token if isinstance(id_token, str) else "")
    except ValueError:
        return False
    return True


def _dated(seen: Observation, token: str) -> Observation:
    """With the end and the lifetime that a JWT states; another token's end is not known."""
    try:
        expires, lifetime = dates(token)
    except ValueError:
        return seen._replace(notes=(*seen.notes, "its expiry is unknown: the token is not a JWT with an exp"))
    return seen._replace(access_expires_at=expires, lifetime=lifetime)


def _refreshed(stored: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        last = moment(stored.get("last_refresh"))
    except ValueError:
        return ()
    return (f"Codex last refreshed it on {date(last)}",) if last else ()
