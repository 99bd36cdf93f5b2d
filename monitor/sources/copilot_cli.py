"""GitHub Copilot CLI: its tokens in the environment, and the accounts in its `config.json`.

As of version 1.0.102, tested on such homes: a variable comes before a stored account. A classic token (`ghp_…`) in a
variable makes every request fail, even if the account is good; a blank variable counts as not set. `config.json` may
contain comment lines, and names each account once or more under `authTokens` (older releases: `copilotTokens`,
`copilot_tokens`). An account in `loggedInUsers` without a token is in the system's keyring; an empty token is not a
login. gh's own login comes last. No token has an expiry date on disk. With COPILOT_PROVIDER_BASE_URL another provider
is used, and no GitHub login is needed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources import mcp_copilot_cli
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, secret, unread
from monitor.system.host import Host, Unreadable, parse_json

OWN: Final = "$COPILOT_PROVIDER_BASE_URL"
STORED: Final = "config.json or the keyring"
GH: Final = "gh's own login"
LADDER: Final = (OWN, "$COPILOT_GITHUB_TOKEN", "$GH_TOKEN", "$GITHUB_TOKEN", STORED, GH)
LOCATIONS: Final = (LocationVariable("COPILOT_HOME"),)

#: More accounts than anybody has; a bound on what a stranger's file can make us say.
MOST: Final = 64

Account = tuple[str, str]  # the host, the login


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a variable and an account, whose id is `copilot-cli:HOST/LOGIN`."""
    place = StorePlace.of(host, entry)
    folder = place.folder("COPILOT_HOME", "~/.copilot")
    path = place.file(folder / "config.json")
    stored = _stored(place, path)
    places = {name: Place((seen,)) for name in LADDER[1:4] if (seen := _variable(place, name))}
    places[OWN] = Place(switch=bool(place.env(OWN[1:])))
    others = bool(stored) and _gh(place)
    places[GH] = Place(switch=others)
    selected = tuple(one for one in stored if one.use.in_use is not False)
    yield from (one for one in stored if one not in selected)
    empty = bool(selected) and all(one.evidence is Evidence.BLANKED for one in selected)
    places[STORED] = Place(selected, passed="its token is empty" if empty and others else "")
    yield from line_up(entry.id, "github", LADDER, places)
    yield from mcp_copilot_cli.observe(place, folder)


def _variable(place: StorePlace, name: str) -> Observation | None:
    token = place.env(name[1:])
    if not token:
        return None
    blank = place.blank("github", f"copilot-cli:{name[1:]}", Kind.TOKEN, place.host.home)
    seen = secret(place.host, blank._replace(store=name, host_path="", from_file=False), token)
    if not token.startswith("ghp_"):
        return seen
    return seen._replace(evidence=Evidence.UNUSABLE, notes=("Copilot CLI refuses classic tokens (ghp_…)",))


def _stored(place: StorePlace, path: Path) -> list[Observation]:
    """The accounts of the store; those that are not the selected one are not in use."""
    blank = place.blank("github", "copilot-cli:default", Kind.TOKEN, path, "copilot login")
    try:
        text = place.host.text(path)
        if text is None:
            return [blank._replace(evidence=Evidence.ABSENT)] if place.expected else []
        bare = "\n".join("" if line.lstrip().startswith("//") else line for line in text.split("\n"))
        stored = parse_json(bare, path)
        if not isinstance(stored, Mapping):
            raise Unreadable(Problem.PARSE, path, "not a JSON object")
    except Unreadable as error:
        return [unread(blank, error)]
    tokens = _tokens(stored)
    users = stored.get("loggedInUsers", stored.get("logged_in_users"))
    named = [account for user in users if (account := _account(user))] if isinstance(users, list) else []
    last = _account(stored.get("lastLoggedInUser", stored.get("last_logged_in_user")))
    accounts = list(islice(dict.fromkeys([*tokens, *named]), MOST))
    return [
        _seen(place, account, tokens, path)._replace(use=_use(account, last if last in accounts else None))
        for account in accounts
    ] or [blank._replace(evidence=Evidence.ABSENT)]


def _tokens(stored: Mapping[str, Any]) -> dict[Account, Any]:
    """What lies under the names of each release; the newest name wins."""
    found: dict[Account, Any] = {}
    for name in ("authTokens", "copilotTokens", "copilot_tokens"):
        held = stored.get(name)
        for key, value in held.items() if isinstance(held, Mapping) else ():  # https://HOST:LOGIN, or …:LOGIN:KIND
            where, _, rest = key.rpartition("://")[2].partition(":")
            login = rest.partition(":")[0]
            if where and login:
                found.setdefault((where, login), value.get("token") if isinstance(value, Mapping) else value)
    return found


def _account(user: Any) -> Account | None:
    host, login = (user.get("host"), user.get("login")) if isinstance(user, Mapping) else (None, None)
    if not (isinstance(host, str) and isinstance(login, str) and host and login):
        return None
    return host.rpartition("://")[2], login


def _seen(place: StorePlace, account: Account, tokens: Mapping[Account, Any], path: Path) -> Observation:
    where, login = account
    github = where == "github.com"
    relogin = "copilot login" if github else f"copilot login --host {shlex.quote(f'https://{where}')}"
    blank = place.blank("github", f"copilot-cli:{where}/{login}", Kind.TOKEN, path, relogin)
    if tokens.get(account) is None:
        return blank._replace(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN)
    return secret(place.host, blank, tokens[account], "" if github else where)


def _use(account: Account, last: Account | None) -> Use:
    return Use(in_use=False, why_not=f"{last[1]} is selected") if last and last != account else Use()


def _gh(place: StorePlace) -> bool:
    moved = place.env("GH_CONFIG_DIR")
    folder = place.host.path(moved) if moved else place.folder("XDG_CONFIG_HOME", "~/.config") / "gh"
    return "path" not in place.entry.options and place.host.exists(folder / "hosts.yml")
