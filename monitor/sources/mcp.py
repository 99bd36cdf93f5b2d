"""Logins to MCP servers: the same judgement whatever program keeps them.

A program keeps one login for each server that asked for one, and does not tidy up: logins of servers that were taken
out of its config, or that moved to another address, stay behind. So what a config names decides which are in use.
Their tokens belong to anybody's servers: none is ever offered to a check that asks providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import MCP, Evidence, Finding, Kind, Lineup, Observation, Use
from monitor.sources.store_files import StorePlace, unclear
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable, printable

#: More logins, and more servers, than anybody has; a bound on what a stranger's file can make us say.
MOST: Final = 128
#: Digits that tell a second login to one server from the first.
DIGITS: Final = 6

#: What a server without any name is called.
UNNAMED: Final = "unnamed"

_DISTANT: Final = datetime.max.replace(tzinfo=UTC)


class McpServer(NamedTuple):
    """A server as a config names it. `url`: its address, "" where the config does not say. `why_not`: why no stored
    login is used for it, as the end of "not in use: …"; "" where one is."""

    url: str = ""
    why_not: str = ""

    def is_at(self, url: str) -> bool:
        """Whether it is known to be at that address."""
        return bool(url) and _bare(self.url) == _bare(url)


class Named(NamedTuple):
    """What the configs of a program name: its servers, and the plugins that bring servers of their own, called
    `plugin:PLUGIN:SERVER`. `unread`: one that could not be read, so that what the others do not name is undecided."""

    servers: Mapping[str, Sequence[McpServer]]
    plugins: frozenset[str] = frozenset()
    unread: Unreadable | None = None

    def of(self, name: str) -> Sequence[McpServer]:
        """The server, once for each place that names it."""
        kind, _, rest = name.partition(":")
        brought = kind == "plugin" and rest.partition(":")[0] in self.plugins
        return self.servers.get(name) or ((McpServer(),) if brought else ())


class Stored(NamedTuple):
    """A login as its store has it, under the store's own `key`. `renewable`: whether its program could use a refresh
    token that is there; `refused`: why it would not use the login at all."""

    key: str
    server: str
    url: str
    login: Any
    path: Path
    renewable: bool = True
    refused: str = ""


class Fields(NamedTuple):
    """What a program calls the parts of a login. `zero_ends`: an end of 0 is over for it, not "none"."""

    access: str = "access_token"
    refresh: str = "refresh_token"
    expires: str = "expires_at"
    zero_ends: bool = False


def text(stored: Any, name: str) -> str:
    """A text in an object; "" for anything else."""
    found = stored.get(name) if isinstance(stored, Mapping) else None
    return found if isinstance(found, str) else ""


def before_bar(key: str) -> str:
    """The name in a key such as `NAME|digits`."""
    return key.rpartition("|")[0] or key or UNNAMED


def servers_in(config: Any) -> Iterator[tuple[str, McpServer]]:
    """The servers of an object of servers by name, as most programs write it."""
    for name, one in config.items() if isinstance(config, Mapping) else ():
        if isinstance(one, Mapping):
            yield name, server(one)


def server(config: Mapping[str, Any]) -> McpServer:
    """What the config of one server says. An address with a variable in it is none that could be compared."""
    url = text(config, "httpUrl") or text(config, "url")
    if not url:
        return McpServer(why_not="its config starts a program instead")
    own = authorizes(config.get("headers")) or config.get("headersHelper")
    return McpServer("" if "$" in url else url, "the header in its config serves instead" if own else "")


def authorizes(headers: Any) -> bool:
    """Whether headers of a config bring an authorization of their own."""
    return isinstance(headers, Mapping) and any(name.lower() == "authorization" for name in headers)


def gathered(found: Iterable[tuple[str, McpServer]]) -> dict[str, list[McpServer]]:
    """Servers by name."""
    servers: dict[str, list[McpServer]] = {}
    for name, one in found:
        servers.setdefault(name, []).append(one)
    return servers


def logins(
    place: StorePlace, stored: Iterable[Stored], named: Named, fields: Fields, relogin: Callable[[str], str]
) -> Iterator[Finding]:
    """One observation a login: `mcp:SERVER`, with a few digits behind it for a further one of that server. What
    cannot be understood of a login that nothing uses is not worth a word.

    A server that is named and has no login gets a line-up without keys: one that it had before is then a loss.
    """
    ranked = sorted(stored, key=lambda one: (bool(_why_not(one, named)), one.key))[:MOST]
    read = {one.key: (one, _read(place, one, named, fields, relogin)) for one in ranked}
    best = {_rivals(one, named): one.key for one, seen in sorted(read.values(), key=lambda pair: _rank(pair[1]))}
    serving = set(best.values())
    taken: set[str] = set()
    for one, seen in sorted(read.values(), key=lambda pair: (pair[0].key not in serving, pair[1].use.in_use is False)):
        behind = seen.use.in_use is not False and best[_rivals(one, named)] != one.key
        if (behind or seen.use.in_use is False) and seen.problem:
            continue
        profile = f"{MCP}{one.server}"
        if profile in taken:
            profile = f"{profile}#{place.host.fingerprint(one.key)[:DIGITS]}"
        taken.add(profile)
        use = Use(in_use=False, why_not="another login to this server serves instead") if behind else seen.use
        yield seen._replace(credential=seen.credential._replace(profile=printable(profile)), use=use)
    for name, found in islice(named.servers.items(), MOST):
        if f"{MCP}{name}" not in taken and not all(one.why_not for one in found):
            yield Lineup(place.entry.id, "-", printable(f"{MCP}{name}"), ordered=False)


def _why_not(one: Stored, named: Named) -> str:
    """Why its program does not use it; "" where it does or nobody can say."""
    found = named.of(one.server)
    if not found:
        return "" if named.unread else f"no config names the server {printable(one.server)}"
    same = [server for server in found if not (server.url and one.url) or server.is_at(one.url)]
    if not same:
        return f"the config has another address for {printable(one.server)}"
    return "" if any(not server.why_not for server in same) else same[0].why_not


def _bare(url: str) -> str:
    return url.rstrip("/")


def _rivals(one: Stored, named: Named) -> tuple[str, str]:
    """What only one login serves: a server, at one address where the config says at which."""
    addressed = any(server.url for server in named.of(one.server))
    return one.server, _bare(one.url) if addressed else ""


def _rank(seen: Observation) -> tuple[bool, bool, datetime]:
    """How likely it is the one of several that serves: the one that was renewed last."""
    alive = seen.evidence is Evidence.PRESENT and not seen.problem
    return seen.use.in_use is not False, alive, seen.access_expires_at or _DISTANT


def _read(place: StorePlace, one: Stored, named: Named, fields: Fields, relogin: Callable[[str], str]) -> Observation:
    blank = place.blank(f"{MCP}{one.server}", f"{MCP}{one.server}", Kind.OAUTH, one.path, relogin(one.server))
    why, known = _why_not(one, named), named.of(one.server)
    seen = _tokens(place.host, blank._replace(use=Use(in_use=not why, why_not=why)), one, fields)
    if named.unread and not known:
        where = place.outer.show(named.unread.path)
        notes = (*seen.notes, f"whether anything uses it cannot be seen: {where}: {named.unread.detail}")
        return seen._replace(use=Use(), problem=named.unread.problem, notes=notes)
    return seen


def _tokens(host: Host, blank: Observation, one: Stored, fields: Fields) -> Observation:
    """What the tokens say; both away or empty is blanked: a store keeps the entry of a login that is over."""
    if not isinstance(one.login, Mapping):
        return unclear(blank, "the login is not an object")
    access, refresh = one.login.get(fields.access), one.login.get(fields.refresh)
    if not all(token is None or isinstance(token, str) for token in (access, refresh)):
        return unclear(blank, "a token is not a text")
    if not access and not refresh:
        return blank._replace(evidence=Evidence.BLANKED, refreshable=False)
    stated = one.login.get(fields.expires)
    try:
        ends = moment(stated)
    except ValueError:
        return unclear(blank, f"{fields.expires} is no moment")
    renewable = bool(refresh) and one.renewable
    seen = blank._replace(
        access_expires_at=ends, refreshable=renewable, fingerprint=host.fingerprint(refresh or access or "")
    )
    over = fields.zero_ends and not renewable and stated == 0 and stated is not False
    refused = one.refused or (f"{fields.expires} is 0, which its program takes for over" if over else "")
    return seen._replace(evidence=Evidence.UNUSABLE, notes=(refused,)) if refused else seen
