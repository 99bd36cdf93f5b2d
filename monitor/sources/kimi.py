"""Kimi: the logins of kimi-code and of the older kimi-cli, one file each.

As of kimi-code 2.1.0 and kimi-cli 1.52.0: `expires_at` is in seconds, an integer in kimi-code and a float in kimi-cli,
and 0 means unknown. `config.toml` of kimi-code says which files are used: `oauth.key` of a provider is `oauth/` plus
the file's name. For Kimi's own provider, the file named after the base URL and the login host is used, if
there is one. A file that no provider names is not in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Lineup, Observation, Problem, SourceEntry
from monitor.sources.json_with_comments import MOST as MOST_CONFIG
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.settings_files import trouble
from monitor.sources.store_files import StorePlace, json_store, tokens
from monitor.system.host import Host, Unreadable

LOGIN: Final = "kimi login"
LOCATIONS: Final = (LocationVariable("KIMI_CODE_HOME"), LocationVariable("KIMI_SHARE_DIR"))

#: More logins than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64

NAMED: Final = "the file in credentials/ that config.toml names"
LADDER: Final = (NAMED, "other files in credentials/")

#: kimi-code's own provider, and where it logs in and asks unless its config or a variable says otherwise.
MANAGED: Final = "managed:kimi-code"
AUTH: Final = "https://auth.kimi.com"
BASE: Final = "https://api.kimi.com/coding/v1"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a file `NAME.json`; where both programs have the name, kimi-code's counts."""
    place = StorePlace.of(host, entry)
    if "path" in entry.options:
        path = place.file(Path())
        yield from _login(place, path.stem, path)
        return
    folder = place.folder("KIMI_CODE_HOME", "~/.kimi-code")
    own = _files(place, folder)
    older = _files(place, place.folder("KIMI_SHARE_DIR", "~/.kimi"))
    said: list[Finding] = []
    named = _named(place, folder / "config.toml", own, said)
    if place.expected and not own and not older and not named:
        own["kimi-code"] = place.host.path("~/.kimi-code/credentials/kimi-code.json")
    if named:
        yield from _lined_up(place, folder, named, own)
    else:
        for name, path in own.items():
            yield from _login(place, name, path)
    for name, path in older.items():
        if name not in own and name not in named:
            yield from _login(place, name, path)
    yield from said


def _files(place: StorePlace, folder: Path) -> dict[str, Path]:
    names = place.host.names(folder / "credentials")[:MOST]
    found = [name for name in names if name.endswith(".json") and not name.startswith(".")]
    return {name.removesuffix(".json"): folder / "credentials" / name for name in found}


def _login(place: StorePlace, name: str, path: Path) -> Iterator[Finding]:
    blank = place.blank("kimi", f"kimi:{name}", Kind.OAUTH, path, LOGIN)
    yield from json_store(place, path, blank, lambda stored: [tokens(place.host, blank, stored)])


def _lined_up(
    place: StorePlace, folder: Path, named: Mapping[str, str], files: Mapping[str, Path]
) -> Iterator[Finding]:
    """The files that serve, each for its provider, and those that are left over."""
    serving: list[Observation] = []
    for name, storage in named.items():
        path = folder / "credentials" / f"{name}.json"
        blank = place.blank("kimi", f"kimi:{name}", Kind.OAUTH, path, LOGIN)
        if storage == "keyring" and name not in files:
            serving.append(blank._replace(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN))
        elif name in files:
            serving += _observed(place, name, path)
        else:
            serving.append(blank._replace(evidence=Evidence.ABSENT))
    rest = [one for name, path in files.items() if name not in named for one in _observed(place, name, path)]
    passed = f"{place.outer.show(folder / 'config.toml')} names {', '.join(named)}" if rest else ""
    places = {NAMED: Place(tuple(serving)), LADDER[1]: Place(tuple(rest), passed=passed)}
    for one in line_up(place.entry.id, "kimi", LADDER, places):
        # None stands in for another: each is of a provider of its own.
        yield one._replace(ordered=False) if isinstance(one, Lineup) and len(one.keys) > 1 else one


def _observed(place: StorePlace, name: str, path: Path) -> list[Observation]:
    return [one for one in _login(place, name, path) if isinstance(one, Observation)]


def _named(place: StorePlace, path: Path, files: Mapping[str, Path], said: list[Finding]) -> dict[str, str]:
    """The names of the files that providers of a `config.toml` have their logins in, and how each is stored."""
    try:
        text = place.host.text(path, MOST_CONFIG)
        if text is None:
            return {}
        providers = _toml(text, path).get("providers")
    except Unreadable as error:
        said.append(trouble(place, error))
        return {}
    found: dict[str, str] = {}
    for provider, one in list(providers.items())[:MOST] if isinstance(providers, Mapping) else ():
        oauth = one.get("oauth") if isinstance(one, Mapping) else None
        if isinstance(oauth, Mapping) and isinstance(key := oauth.get("key"), str):
            name, follows = _slot(key), _slot(_expected(place, one, oauth))
            if provider == MANAGED and (follows in files or name not in files):
                name = follows
            if name:
                found[name] = str(oauth.get("storage"))
    return found


def _toml(text: str, path: Path) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise Unreadable(Problem.PARSE, path, "not TOML") from None
    except (RecursionError, ValueError):
        raise Unreadable(Problem.PARSE, path, "nested too deeply, or a number with too many digits") from None


def _slot(key: str) -> str:
    """The name of the file that a key means; "" for one that its program refuses."""
    name = key.removeprefix("oauth/")
    return "" if not name or "/" in name or name.startswith(".") or "\0" in name else name


def _expected(place: StorePlace, provider: Mapping[str, Any], oauth: Mapping[str, Any]) -> str:
    """The key that follows from where kimi-code logs in and asks; variables choose both before the config."""
    base = place.env("KIMI_CODE_BASE_URL")
    auth = place.env("KIMI_CODE_OAUTH_HOST") or place.env("KIMI_OAUTH_HOST")
    if not base and not auth:
        auth = str(oauth.get("oauth_host") or "")
    base = base or str(provider.get("base_url") or "")
    where = {"oauthHost": (auth or AUTH).strip().rstrip("/"), "baseUrl": (base or BASE).strip().rstrip("/")}
    if where == {"oauthHost": AUTH, "baseUrl": BASE}:
        return "oauth/kimi-code"
    import hashlib
    import json

    text = json.dumps(where, separators=(",", ":"), ensure_ascii=False)
    return f"oauth/kimi-code-env-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
