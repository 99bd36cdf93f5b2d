"""opencode: the logins and keys in its `auth.json`, one for each provider, and those in its `opencode.db`.

As of version 1.18.33: `expires` is in milliseconds, and 0 means never (GitHub Copilot). The types are `oauth`, `api`
and `wellknown`; opencode ignores entries of any other type. If OPENCODE_AUTH_CONTENT is JSON, it replaces the whole
file. opencode no longer has an Anthropic login of its own: without a plugin that provides one, an `anthropic` entry of
type `oauth` fails with "API key is missing" even while its access token is valid. `opencode.db` holds accounts of its
console (`account`) and logins (`credential`). Of the older logins (those with a `connector_id`), one is `active`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources.json_with_comments import MOST as MOST_PLUGIN
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.settings_files import settings, trouble
from monitor.sources.store_files import StorePlace, apart, json_store, secret, tokens, unclear, unread
from monitor.system.host import Host, Stamp, Unreadable, parse_json

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database, Value

LOGIN: Final = "opencode auth login"
CONSOLE: Final = "opencode console login"
KINDS: Final = {"oauth": Kind.OAUTH, "api": Kind.API_KEY, "wellknown": Kind.TOKEN}
CONTENT: Final = "OPENCODE_AUTH_CONTENT"
LOCATIONS: Final = (
    LocationVariable("XDG_DATA_HOME"),
    LocationVariable("XDG_CONFIG_HOME"),
    LocationVariable("OPENCODE_CONFIG", LocationValue.FILE),
    LocationVariable("OPENCODE_CONFIG_DIR"),
)
LADDER: Final = (f"${CONTENT}", "auth.json")
#: More plugins and logins than anybody has.
MOST: Final = 64

ANTHROPIC: Final = "anthropic"
CONFIGS: Final = ("config.json", "opencode.json", "opencode.jsonc")
_BRINGS: Final = re.compile(r"anthropic|claude", re.IGNORECASE)
DROPPED: Final = "opencode no longer has an Anthropic login of its own, and no plugin in its config brings one"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """Every provider of the store, which may stand in a variable instead, and of the database."""
    place = StorePlace.of(host, entry)
    folder = place.folder("XDG_DATA_HOME", "~/.local/share") / "opencode"
    path = place.file(folder / "auth.json")
    said: list[Finding] = []
    blank = place.blank("opencode", "opencode:default", Kind.OAUTH, path, LOGIN)
    brought = _plugin(place, said) or "path" in entry.options
    stored = list(json_store(place, path, blank, lambda stored: _each(place, stored, blank)))
    stored = stored if brought else _without_anthropic(stored, place.host.stamp(path))
    content = place.env(CONTENT)
    if content:
        yield from _before(place, content, blank, stored, brought)
    else:
        yield from stored
    if any(one.credential.profile == f"opencode:{ANTHROPIC}" for one in stored if isinstance(one, Observation)):
        yield from said  # else no plugin matters
    if "path" not in entry.options:
        yield from _database(place, folder / "opencode.db")


def _before(
    place: StorePlace, content: str, blank: Observation, stored: Iterable[Finding], brought: bool
) -> Iterator[Finding]:
    """The store that a variable holds, and what in the file it hides; one that is no store hides nothing."""
    try:
        found = parse_json(content, Path(f"${CONTENT}"))
        if not isinstance(found, Mapping):
            raise Unreadable(Problem.PARSE, Path(f"${CONTENT}"), "not a JSON object")
    except Unreadable as error:
        shown = blank._replace(store=f"${CONTENT}", host_path="", from_file=False)
        yield from apart([*stored, unread(shown, error)])
        return
    empty = blank._replace(store=f"${CONTENT}", host_path="", from_file=False)
    serving: list[Finding] = [*_each(place, found, empty)] or [empty._replace(evidence=Evidence.ABSENT)]
    yield from serving if brought else _without_anthropic(serving, None)
    keys = {one.credential.key for one in serving if isinstance(one, Observation)}
    for one in stored:
        if isinstance(one, Observation) and one.credential.key not in keys and one.evidence is not Evidence.ABSENT:
            places = {LADDER[0]: Place(switch=True), LADDER[1]: Place((one,))}
            yield from line_up(place.entry.id, one.credential.provider, LADDER, places)


def _each(place: StorePlace, stored: Mapping[str, Any], blank: Observation) -> Iterator[Observation]:
    for provider, login in stored.items():
        kind = KINDS.get(str(login.get("type"))) if isinstance(login, Mapping) else None
        if kind is None:
            continue
        seen = blank._replace(credential=place.who(provider, f"opencode:{provider}", kind))
        if kind is Kind.OAUTH:
            yield tokens(place.host, seen, login, "access", "refresh", "expires")
        else:
            yield secret(place.host, seen, login.get("key" if kind is Kind.API_KEY else "token"))


# -- Anthropic ------------------------------------------------------------------------------------------------


def _without_anthropic(found: list[Finding], written: Stamp) -> list[Finding]:
    """The findings, in which an Anthropic login is one that opencode does not take.

    Beside other logins, one whose access had ended already when their file was `written` last is left over.
    """
    judged: list[Finding] = []
    for one in found:
        mine = (
            isinstance(one, Observation) and one.credential.provider == ANTHROPIC and one.evidence is Evidence.PRESENT
        )
        if not mine or not isinstance(one, Observation) or one.credential.kind is not Kind.OAUTH or one.problem:
            judged.append(one)
            continue
        ends = one.access_expires_at
        if ends and written and len(found) > 1 and ends.timestamp() < written[3] / 1e9:
            judged.append(one._replace(use=Use(in_use=False, why_not=DROPPED)))
        else:
            judged.append(one._replace(evidence=Evidence.UNUSABLE, notes=(*one.notes, DROPPED)))
    return judged


def _plugin(place: StorePlace, said: list[Finding]) -> bool:
    """Whether a plugin brings an Anthropic login: one in a config, by its name, or a file beside it, by its text."""
    folders = [place.folder("XDG_CONFIG_HOME", "~/.config") / "opencode"]
    if moved := place.env("OPENCODE_CONFIG_DIR"):
        folders.append(place.host.path(moved))
    files = [folder / name for folder in folders for name in CONFIGS]
    if named := place.env("OPENCODE_CONFIG"):
        files.append(place.host.path(named))
    for path in files:
        listed = settings(place, path, said).get("plugin")
        for one in islice(listed if isinstance(listed, list) else (), MOST):
            spec = one[0] if isinstance(one, list) and one else one
            if isinstance(spec, str) and (_BRINGS.search(spec) or _names_it(place, path.parent, spec)):
                return True
    return any(
        _BRINGS.search(name) or _names_it(place, folder / sub, f"./{name}")
        for folder in folders
        for sub in ("plugin", "plugins")
        for name in place.host.names(folder / sub)[:MOST]
        if name.endswith((".ts", ".js"))
    )


def _names_it(place: StorePlace, folder: Path, spec: str) -> bool:
    """Whether the file of a plugin, where it is one, speaks of Anthropic."""
    if not spec.startswith(("file://", "./", "../", "/")):
        return False
    try:
        text = place.host.text(folder / spec.removeprefix("file://"), MOST_PLUGIN)
    except Unreadable:
        return False
    return bool(text and _BRINGS.search(text))


# -- the database ---------------------------------------------------------------------------------------------


def _database(place: StorePlace, path: Path) -> Iterator[Finding]:
    """The accounts and logins of a database; one that has none is silent."""
    found: dict[str, Observation] = {}
    try:
        accounts, active, logins = place.host.sqlite(path, _tables) or ([], None, [])
    except Unreadable as error:
        yield trouble(place, error)
        return
    for row in accounts:
        seen = place.blank("opencode", f"opencode:account/{_text(row['email'])}", Kind.OAUTH, path, CONSOLE)
        if active is not None and row["id"] != active:
            seen = seen._replace(use=Use(in_use=False, why_not="another account is the active one"))
        found.setdefault(seen.credential.key, tokens(place.host, seen, row, expires="token_expiry"))
    for row in logins:
        name = _text(row.get("integration_id") or row.get("connector_id") or "unknown")
        seen = place.blank(name, f"opencode:{name}/{_text(row['label'])}", Kind.OAUTH, path, LOGIN)
        if row.get("active") == 0:
            seen = seen._replace(use=Use(in_use=False, why_not=f"another login for {name} is the active one"))
        found.setdefault(seen.credential.key, _login(place.host, seen, row["value"], path))
    yield from found.values()


def _tables(database: Database) -> tuple[list[dict[str, Value]], Value, list[dict[str, Value]]]:
    """Accounts, the id of the active one if it is known, and logins."""
    state = _rows(database, "account_state", ("active_account_id",))
    return (
        _rows(database, "account", ("id", "email", "access_token", "refresh_token", "token_expiry")),
        state[0]["active_account_id"] if state else None,
        _rows(database, "credential", ("label", "value"), ("integration_id", "connector_id", "active")),
    )


def _rows(
    database: Database, table: str, needed: tuple[str, ...], more: tuple[str, ...] = ()
) -> list[dict[str, Value]]:
    have = database.columns(table)
    if not set(needed) <= set(have):
        return []
    names = [*needed, *(name for name in more if name in have)]
    return [dict(zip(names, row, strict=True)) for row in islice(database.rows(table, *names), MOST)]


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _login(host: Host, blank: Observation, value: Value, path: Path) -> Observation:
    """What the JSON of a login says: tokens, or a key."""
    try:
        login = parse_json(value, path) if isinstance(value, str) else None
    except Unreadable:
        login = None
    if not isinstance(login, Mapping):
        return unclear(blank, "its value is not a JSON object")
    if login.get("type") == "oauth":
        return tokens(host, blank, login, "access", "refresh", "expires")
    return secret(host, blank._replace(credential=blank.credential._replace(kind=Kind.API_KEY)), login.get("key"))
