"""Claude Code: every credential it can use. It uses the first one that is set.

As of version 2.1.332: `expiresAt` is the expiry of the access token (8 hours), `refreshTokenExpiresAt` that of the
login, which a refresh does not extend. After a rejected refresh, Claude Code empties both tokens
(anthropics/claude-code #76561, #88583). Variables may be set in the environment or in `env` of settings.json, which
wins; managed settings win over both. Whatever comes before the login in this list is sent instead of it, even if it no
longer works. authwatch never runs a helper. Logins to MCP servers are in the same file, under `mcpOAuth`, and are not
the model's credential.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem, SourceEntry, Trouble
from monitor.sources.anthropic_profiles import observe_profiles
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace
from monitor.sources.timestamps import moment, seconds
from monitor.system.host import Host, Unreadable

#: No login is older than this; the program ignores an end before 2025 as well.
EARLIEST: Final = datetime(2025, 1, 1, tzinfo=UTC)

LOGIN: Final = "claude auth login"
SETUP_TOKEN: Final = "claude setup-token"  # noqa: S105  a command
LOCATIONS: Final = (
    LocationVariable("CLAUDE_SECURESTORAGE_CONFIG_DIR"),
    LocationVariable("CLAUDE_CONFIG_DIR"),
    LocationVariable("ANTHROPIC_CONFIG_DIR"),
    LocationVariable("XDG_CONFIG_HOME"),
    LocationVariable("ANTHROPIC_PROFILE", LocationValue.NAME),
)

_WORD: Final = re.compile(r"[a-z_]{1,40}")

AUTH_TOKEN, API_KEY, OAUTH_TOKEN = "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"
SWITCHES: Final = {
    "CLAUDE_CODE_USE_BEDROCK": "AWS",
    "CLAUDE_CODE_USE_VERTEX": "Google Cloud",
    "CLAUDE_CODE_USE_FOUNDRY": "Azure",
}
HELPER, CONSOLE_KEY, LOGIN_FILE = "apiKeyHelper", "primaryApiKey", ".credentials.json"
LADDER: Final = (*SWITCHES, AUTH_TOKEN, HELPER, API_KEY, CONSOLE_KEY, OAUTH_TOKEN, LOGIN_FILE)

#: Where an administrator's settings lie (code.claude.com/docs/en/settings); no variable moves them.
MANAGED: Final = {
    "darwin": "/Library/Application Support/ClaudeCode/managed-settings.json",
    "linux": "/etc/claude-code/managed-settings.json",
}
_ON: Final = frozenset(("1", "true", "yes", "on"))


def observe(host: Host, entry: SourceEntry, platform: str = sys.platform) -> Iterator[Finding]:
    """Everything in the ladder, and the profiles. `home` and `path` options make a login expected; with either, the
    environment, which is another's, is not asked, and with `path` nothing but that file is looked at."""
    if "path" in entry.options:
        if login := _login(host, entry, Path(entry.options["path"]), platform):
            yield login.seen._replace(store=host.show(Path(login.seen.host_path)))
        return
    ask = "home" not in entry.options
    at = host if ask else host.at(Path(entry.options["home"]))
    variable, folder = _folder(at, ask)
    profiles: list[Finding] = []
    try:
        profiles += observe_profiles(at, entry, ask=ask)
    except Unreadable as error:  # a locked folder of profiles says nothing of the login beside it
        profiles.append(Trouble(entry.id, error.problem, host.show(error.path), error.detail, str(error.path)))
    login = _login(at, entry, folder / LOGIN_FILE, platform)
    if login and variable:
        login = login._replace(seen=login.seen._replace(relogin=f"{variable}={shlex.quote(str(folder))} {LOGIN}"))
    settings = _Settings(host, at, entry, platform, ask=ask)
    places = {name: place for name in LADDER[:-1] if (place := settings.place(name, login))}
    if login and not (profiles and login.seen.evidence is Evidence.ABSENT):  # the program uses one of the profiles
        places[LOGIN_FILE] = Place((login.seen._replace(store=host.show(Path(login.seen.host_path))),))
    yield from line_up(entry.id, "anthropic", LADDER, places)
    yield from profiles
    yield from settings.troubles
    if at.exists(folder / LOGIN_FILE):
        from monitor.sources import mcp_claude_code  # costs half a bare interpreter

        yield from mcp_claude_code.observe(StorePlace.of(host, entry), folder / LOGIN_FILE)


class _Login(NamedTuple):
    """The login file's, with what only a comparison needs."""

    seen: Observation
    access: str = ""


class _Settings:
    """The settings files and the environment of one look: what stands in which of them."""

    def __init__(self, host: Host, at: Host, entry: SourceEntry, platform: str, *, ask: bool) -> None:
        self._outer, self._host, self._entry, self._ask = host, at, entry, ask
        self.troubles: list[Trouble] = []
        moved = (at.env("CLAUDE_CONFIG_DIR") if ask else None) or ""
        folder = at.path(moved or "~/.claude")
        self._claude_json = (folder if moved else at.home) / ".claude.json"
        managed = MANAGED.get(platform)
        paths = [*([Path(managed)] if managed else []), folder / "settings.json"]
        self._files = [(path, found) for path in paths if (found := self._object(path))]

    def place(self, name: str, login: _Login | None) -> Place | None:
        """What stands at a name of the ladder; None where nothing does."""
        if name in SWITCHES:
            value, path = self._variable(name)
            return Place(switch=True, at=self._where(path)) if value.lower() in _ON else None
        if name == HELPER:
            for path, found in self._files:
                if value := _words(found.get(HELPER)):
                    hidden = self._blank(name, Kind.EXEC, path)._replace(evidence=Evidence.HIDDEN)
                    notes = ("a command that gives the key at each use; it is never run here",)
                    seen = hidden._replace(fingerprint=self._host.fingerprint(value), notes=notes)
                    return Place((seen,), at=self._where(path))
            return None
        if name == CONSOLE_KEY:
            value, path = _words((self._object(self._claude_json) or {}).get(CONSOLE_KEY)), self._claude_json
        else:
            value, path = self._variable(name)
        return Place((self._secret(name, value, path, login),), at=self._where(path)) if value else None

    def _secret(self, name: str, value: str, path: Path | None, login: _Login | None) -> Observation:
        kind = Kind.API_KEY if name in (API_KEY, CONSOLE_KEY) else Kind.TOKEN
        seen = self._blank(name, kind, path)
        seen = seen._replace(refreshable=False, fingerprint=self._host.fingerprint(value))
        if name != AUTH_TOKEN:  # that one is mostly a gateway's
            self._host.offer(seen.credential, value)
        if login and value == login.access:
            notes = ("it is a copy of the login's access token; it expires with it and does not renew itself",)
            advice = "" if path else f"Remove {name} from the environment of Claude Code; then its login is used."
            return seen._replace(access_expires_at=login.seen.access_expires_at, notes=notes, advice=advice)
        return seen

    def _blank(self, name: str, kind: Kind, path: Path | None) -> Observation:
        who = Credential(self._entry.id, "-", "anthropic", _PROFILES.get(name, f"claude-code:{name}"), kind)
        relogin = SETUP_TOKEN if name == OAUTH_TOKEN else ""
        if path is None:
            return Observation(who, store=f"${name}", from_file=False, relogin=relogin)
        return Observation(who, store=self._outer.show(path), host_path=str(path), relogin=relogin)

    def _variable(self, name: str) -> tuple[str, Path | None]:
        """What a variable holds for the program, and the file that says so; None is the environment."""
        for path, found in self._files:
            block = found.get("env")
            if isinstance(block, Mapping) and name in block:
                return _words(block[name]), path
        return ((self._host.env(name) if self._ask else None) or "").strip(), None

    def _where(self, path: Path | None) -> str:
        return self._outer.show(path) if path else "environment"

    def _object(self, path: Path) -> Mapping[str, Any] | None:
        """A settings file; None where it is not there, or cannot be read, which is a trouble."""
        try:
            found = self._host.json(path)
            if found is None and not self._host.exists(path):
                return None
            if not isinstance(found, Mapping):
                raise Unreadable(Problem.PARSE, path, "not a JSON object")
        except Unreadable as error:
            shown = self._outer.show(error.path)
            self.troubles.append(Trouble(self._entry.id, error.problem, shown, error.detail, str(error.path)))
            return None
        return found


#: The names that two of them had before the others were read.
_PROFILES: Final = {OAUTH_TOKEN: "claude-code:env"}


def _words(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


def _folder(host: Host, ask: bool) -> tuple[str, Path]:
    """The folder of the login file, and the variable that moved it."""
    for name in ("CLAUDE_SECURESTORAGE_CONFIG_DIR", "CLAUDE_CONFIG_DIR") if ask else ():
        if moved := host.env(name):
            return name, host.path(moved)
    return "", host.path("~/.claude")


def _login(host: Host, entry: SourceEntry, path: Path, platform: str) -> _Login | None:
    """What the login file says; None where nothing is installed and nothing expected."""
    who = Credential(entry.id, "-", "anthropic", "claude-code:default", Kind.OAUTH)
    blank = Observation(who, host_path=str(path), relogin=LOGIN)
    try:
        stored = host.json(path)
        if stored is None and not host.exists(path):
            gone = _absent(host, entry, blank._replace(evidence=Evidence.ABSENT), platform)
            return _Login(gone) if gone else None
        return _read(host, stored, blank, path)
    except Unreadable as error:
        return _Login(blank._replace(problem=error.problem, notes=(error.detail,)))


def _absent(host: Host, entry: SourceEntry, gone: Observation, platform: str) -> Observation | None:
    """No file: macOS keeps the login in its keychain, elsewhere it matters only if somebody named the place."""
    if "path" not in entry.options and platform == "darwin" and host.is_dir(Path(gone.host_path).parent):
        notes = ("the login is in the macOS keychain, which is not read",)
        return gone._replace(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN, notes=notes)
    return gone if entry.options else None


def _read(host: Host, stored: Any, blank: Observation, path: Path) -> _Login:
    if not isinstance(stored, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    login = stored.get("claudeAiOauth")
    if login is None:
        return _Login(blank._replace(evidence=Evidence.ABSENT))
    if not isinstance(login, Mapping):
        raise Unreadable(Problem.PARSE, path, "claudeAiOauth is not an object")
    access, refresh = _token(login, "accessToken", path), _token(login, "refreshToken", path)
    ends = blank._replace(login_expires_at=_login_end(login.get("refreshTokenExpiresAt")))
    if not access and not refresh:
        if access is None and refresh is None:
            return _Login(blank._replace(evidence=Evidence.ABSENT))
        return _Login(ends._replace(evidence=Evidence.BLANKED, refreshable=False, notes=_reason(login)))
    if login.get("scopes") == []:
        notes = ("the login has no scopes, which Claude Code counts as logged out",)
        return _Login(blank._replace(evidence=Evidence.ABSENT, notes=notes))
    try:
        expires = moment(login.get("expiresAt"))
    except ValueError:
        raise Unreadable(Problem.PARSE, path, "expiresAt is no moment") from None
    host.offer(blank.credential, access or "")
    seen = ends._replace(
        access_expires_at=expires,
        refreshable=bool(refresh),
        fingerprint=host.fingerprint(refresh or access or ""),
        notes=("expiresAt is in seconds, it should be in milliseconds",) if seconds(login.get("expiresAt")) else (),
    )
    return _Login(seen, access or "")


def _token(login: Mapping[str, Any], name: str, path: Path) -> str | None:
    value = login.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Unreadable(Problem.PARSE, path, f"{name} is not a text")


def _login_end(value: Any) -> datetime | None:
    """The program takes a number between 2025 and ten years ahead and ignores the rest; so do we, up to 2100."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = moment(value)
    return found if found and found >= EARLIEST else None


def _reason(login: Mapping[str, Any]) -> tuple[str, ...]:
    why = login.get("loginEnded")
    return (f"logged out: {why}",) if isinstance(why, str) and _WORD.fullmatch(why) else ()
