"""The logins of one of Hermes' folders: its `auth.json` with what Hermes found of them, and the keys of its `.env`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import Evidence, Kind, Observation, Use
from monitor.sources.jwt import dates
from monitor.sources.store_files import StorePlace, secret, tokens, unclear
from monitor.sources.timestamps import moment

LOGIN: Final = "hermes auth"
KEYS: Final = ("api_key", "agent_key", "key", "token")
#: How long it rests after a rate limit that states no end.
RESTS: Final = timedelta(hours=1)
YEAR: Final = timedelta(days=365)  # how long Anthropic lets a setup-token live; the token itself does not say
SETUP: Final = "sk-ant-oat"
#: A pool's word for a member that lies in the environment, and for one that is Claude Code's own.
FROM_ENV: Final = "env:"
BORROWED: Final = "claude_code"


class Home(NamedTuple):
    """One of its folders: `prefix` begins the ids of what lies there; `alone`: the option `path` names its store."""

    folder: Path
    store: Path
    prefix: str
    alone: bool


def logins(
    place: StorePlace, home: Home, stored: Mapping[str, Any], named: Mapping[str, tuple[str, str]]
) -> Iterator[Observation]:
    """What an `auth.json` holds; `named` are the keys of the `.env` beside it, with their providers."""
    for provider, login in _objects(stored.get("providers")):
        yield _login(place, provider, f"{home.prefix}:{provider}", login, home.store)
    for provider, pool in _objects(stored.get("credential_pool")):
        members = list(enumerate(pool if isinstance(pool, list) else [pool]))
        for number, login in sorted(members, key=lambda one: (_priority(one[1]), one[0])):
            yield _member(place, home, provider, number, login, named)


def _priority(login: Any) -> float:
    found = login.get("priority") if isinstance(login, Mapping) else None
    return found if isinstance(found, int | float) and found == found else 0  # noqa: PLR0124  not NaN


def _member(
    place: StorePlace, home: Home, provider: str, number: int, login: Any, named: Mapping[str, tuple[str, str]]
) -> Observation:
    """One of a pool; what it says of a variable is laid on the key in `.env`."""
    name = login.get("id") if isinstance(login, Mapping) else None
    profile = f"{home.prefix}:{provider}/{name or number}"
    said = login.get("source") if isinstance(login, Mapping) else None
    source = said if isinstance(said, str) else ""
    held = isinstance(login, Mapping) and any(login.get(one) for one in (*KEYS, "access_token", "refresh_token"))
    variable = source.removeprefix(FROM_ENV)
    if source.startswith(FROM_ENV) and variable in named:
        return _reported(key(place, home, variable, provider, named[variable][1]), login)
    if not held and (source.startswith(FROM_ENV) or source == BORROWED):
        seen = place.blank(provider, profile, Kind.API_KEY, home.store, LOGIN)._replace(evidence=Evidence.HIDDEN)
        why = "it is Claude Code's own login" if source == BORROWED else f"it is in ${variable} of its environment"
        return _reported(seen._replace(notes=(why,)), login)
    return _login(place, provider, profile, login, home.store)


def key(place: StorePlace, home: Home, name: str, provider: str, value: str) -> Observation:
    """The key in a variable of `.env`."""
    setup = value.startswith(SETUP)
    kind = Kind.TOKEN if setup else Kind.API_KEY
    blank = place.blank(provider, f"{home.prefix}:{provider}/{name}", kind, home.folder / ".env")
    if value.startswith("op://"):
        return blank._replace(evidence=Evidence.HIDDEN, notes=("a reference to 1Password",))
    seen = secret(place.host, blank, value)
    return seen._replace(lifetime=YEAR) if setup else seen


def _objects(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, Mapping) else ()


def _login(place: StorePlace, provider: str, profile: str, login: Any, path: Path) -> Observation:
    blank = place.blank(provider, profile, Kind.OAUTH, path, LOGIN)
    if not isinstance(login, Mapping):
        return unclear(blank, "the login is not an object")
    nested = login.get("tokens")
    pair: Mapping[str, Any] = nested if isinstance(nested, Mapping) else login
    key = next((login[name] for name in KEYS if login.get(name)), None)
    if login.get("auth_type") == "api_key" or (key and not pair.get("access_token") and not pair.get("refresh_token")):
        credential = blank.credential._replace(kind=Kind.API_KEY)
        seen = secret(place.host, blank._replace(credential=credential), key or pair.get("access_token"))
    else:
        seen = _dated(tokens(place.host, blank, pair, expires=""), login, pair)
    return _reported(seen, login)


def _dated(seen: Observation, login: Mapping[str, Any], pair: Mapping[str, Any]) -> Observation:
    """With the end that one of its fields states, else the one in a JWT."""
    if seen.evidence is not Evidence.PRESENT or seen.problem:
        return seen
    try:
        stated = next(
            (part[name] for part in (pair, login) for name in ("expires_at_ms", "expires_at") if part.get(name)), None
        )
        if stated is not None:
            return seen._replace(access_expires_at=moment(stated))
    except ValueError:
        return unclear(seen, "its expiry is no moment")
    try:
        ends, span = dates(pair.get("access_token") or "")
    except ValueError:
        return seen
    return seen._replace(access_expires_at=ends, lifetime=span)


def _reported(seen: Observation, login: Mapping[str, Any]) -> Observation:
    """With what Hermes itself found of it."""
    status, code = login.get("last_status"), login.get("last_error_code")
    if status == "dead" or (status == "exhausted" and code == 401):
        note = "Hermes reports: dead" if status == "dead" else "Hermes reports: refused with 401"
        return seen._replace(evidence=Evidence.REFUSED, refreshable=False, notes=(note,))
    if status != "exhausted":
        return seen
    ends = _moment(login.get("last_error_reset_at"))
    if code == 402:
        use = Use(unusable_until=ends, out_of_credit=True)
        return seen._replace(use=use, notes=("Hermes reports: out of credit, 402",))
    began = _moment(login.get("last_status_at"))
    use = Use(unusable_until=ends or (began + RESTS if began else None))
    return seen._replace(use=use, notes=("Hermes reports: exhausted, which is a rate limit",))


def _moment(value: Any) -> datetime | None:
    try:
        return moment(value)
    except ValueError:
        return None
