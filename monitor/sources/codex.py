"""Codex: the login or key in its `auth.json`, and where `config.toml` says that it lies elsewhere.

Facts by version 0.169.0 and openai/codex codex-rs/login: the end is the `exp` of the access token (10 days), never of
the id_token (1 hour); a store whose id_token cannot be decoded is refused as a whole; `{}` is no login, whatever
`codex login status` says. Refresh tokens are single-use: nothing here ever shows one to anybody. `codex login` first
revokes and deletes the login that is there (0.171.0), so `authwatch relogin` runs it in a home of its own.
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
from monitor.sources.timestamps import moment
from monitor.sources.toml import table
from monitor.system.host import Host, Unreadable


def keeps_in(host: Host, path: Path) -> str:
    """`file`, `keyring`, `auto` (the keyring, else the file) or `ephemeral`: its setting cli_auth_credentials_store.
    Raises `Unreadable`."""
    found = settings(host, path).get("cli_auth_credentials_store", "file")
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
}


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login, and the token in the environment. `home` and `path` options make a login expected; with either, the
    environment, which is another's, is not asked."""
    ask = not entry.options
    moved = (ask and host.env("CODEX_HOME")) or ""
    at = host.at(host.path(entry.options["home"])) if "home" in entry.options else host
    folder = at.path(moved or "~/.codex")
    path = host.path(entry.options["path"]) if "path" in entry.options else folder / "auth.json"
    blank = Observation(_who(entry, "codex:default", Kind.OAUTH), store=host.show(path), host_path=str(path))
    token = ((ask and host.env("CODEX_ACCESS_TOKEN")) or "").strip()
    place = "file"
    try:
        place = "file" if "path" in entry.options else keeps_in(at, folder / "config.toml")
    except Unreadable as error:
        yield Trouble(entry.id, error.problem, host.show(error.path), error.detail, host_path=str(error.path))
    login = _login(at, entry, blank, path, place)
    if login and not (token and login.evidence is Evidence.ABSENT):  # Codex then uses the other
        prefix = f"CODEX_HOME={shlex.quote(str(folder))} " if moved else ""
        yield login._replace(relogin=f"{prefix}authwatch relogin {shlex.quote(login.credential.key)}")
    if token:
        who = _who(entry, "codex:env", Kind.TOKEN)
        seen = Observation(who, store="$CODEX_ACCESS_TOKEN", from_file=False, refreshable=False)
        yield _dated(seen._replace(fingerprint=host.fingerprint(token)), token)


def _who(entry: SourceEntry, profile: str, kind: Kind) -> Credential:
    return Credential(entry.id, "-", "openai", profile, kind)


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
    if not any(stored.get(mode.field) for mode in MODES.values()):
        return blank._replace(evidence=Evidence.ABSENT)
    named = stored.get("auth_mode") or ("apikey" if stored.get("OPENAI_API_KEY") else "chatgpt")
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
    if isinstance(secret, Mapping) and blank.credential.kind is not Kind.API_KEY:
        return blank._replace(fingerprint=host.fingerprint(repr(secret)))  # an older agent identity, which has no end
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
        return seen._replace(notes=(*seen.notes, "its end cannot be seen: the token is no JWT with an exp"))
    return seen._replace(access_expires_at=expires, lifetime=lifetime)


def _refreshed(stored: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        last = moment(stored.get("last_refresh"))
    except ValueError:
        return ()
    return (f"Codex last refreshed it on {date(last)}",) if last else ()
