"""Claude Code: its login file, the setup-token in the environment, its profiles in `anthropic/credentials/NAME.json`.

Facts by version 2.1.330: `expiresAt` is the access token's end (8 hours), `refreshTokenExpiresAt` the login's, which no
refresh extends; after a refused refresh the program itself empties both tokens (anthropics/claude-code #76561, #88583).
MCP logins lie in the same file under `mcpOAuth` and are not the model's credential.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem, SourceEntry, Trouble, Use
from monitor.sources import mcp_claude_code
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace
from monitor.sources.timestamps import moment, seconds
from monitor.system.host import Host, Unreadable, printable

#: More profiles than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def observe_profiles(host: Host, entry: SourceEntry, *, ask: bool) -> Iterator[Observation]:
    """One observation a profile; its id is `anthropic:NAME`. `ask`: whether the environment is this user's."""
    folder = _profiles_folder(host, ask)
    names = [n for n in host.names(folder / "credentials") if n.endswith(".json") and not n.startswith(".")]
    if not names:
        return
    active = _active(host, folder, ask)
    for name in names[:MOST]:
        profile = printable(name.removesuffix(".json"))
        path = folder / "credentials" / name
        blank = Observation(
            Credential(entry.id, "-", "anthropic", f"anthropic:{profile}", Kind.OAUTH),
            use=Use(in_use=None if active is None else profile == active),
            store=printable(host.show(path)),
            host_path=str(path),
        )
        yield _profile(host, blank, path, folder / "configs" / name)


def _profiles_folder(host: Host, ask: bool) -> Path:
    named = host.env("ANTHROPIC_CONFIG_DIR") if ask else None
    if named:
        return host.path(named)
    base = host.env("XDG_CONFIG_HOME") if ask else None
    return host.path(base or "~/.config") / "anthropic"


def _active(host: Host, folder: Path, ask: bool) -> str | None:
    named = host.env("ANTHROPIC_PROFILE") if ask else None
    try:
        return named or (host.text(folder / "active_config") or "").strip() or None
    except Unreadable:
        return None


def _profile(host: Host, blank: Observation, path: Path, config: Path) -> Observation:
    try:
        stored = _object(host, path)
        access, refresh = _text(stored, "access_token", path), _text(stored, "refresh_token", path)
        expires = moment(stored.get("expires_at"))
        client = stored.get("client_id") or (refresh and _client(host, config))
    except Unreadable as error:
        return blank._replace(problem=error.problem, notes=(error.detail,))
    except ValueError:
        return blank._replace(problem=Problem.PARSE, notes=("expires_at is no moment",))
    if not access and not refresh:
        empty = access is not None or refresh is not None
        return blank._replace(evidence=Evidence.BLANKED if empty else Evidence.ABSENT)
    return blank._replace(
        access_expires_at=expires,
        refreshable=bool(refresh and client),
        fingerprint=host.fingerprint(refresh or access or ""),
    )


def _object(host: Host, path: Path) -> Mapping[str, Any]:
    stored = host.json(path)
    if not isinstance(stored, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    return stored


def _text(stored: Mapping[str, Any], name: str, path: Path) -> str | None:
    value = stored.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Unreadable(Problem.PARSE, path, f"{name} is not a text")


def _client(host: Host, path: Path) -> bool:
    """Whether the profile's config names a client to refresh with, at its top or one level below."""
    config = host.json(path)
    if not isinstance(config, Mapping):
        return False
    return any("client_id" in part for part in (config, *config.values()) if isinstance(part, Mapping))


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


def observe(host: Host, entry: SourceEntry, platform: str = sys.platform) -> Iterator[Finding]:
    """The login, the environment's token, and the profiles. `home` and `path` options make a login expected; with
    either, the environment, which is another's, is not asked."""
    if "path" in entry.options:
        yield from _shown(host, _login(host, entry, Path(entry.options["path"]), platform))
        return
    ask = "home" not in entry.options
    at = host if ask else host.at(Path(entry.options["home"]))
    variable, folder = _folder(at, ask)
    others: list[Observation | Trouble] = [*_from_environment(host, entry)] if ask else []
    try:
        others += observe_profiles(at, entry, ask=ask)
    except Unreadable as error:  # a locked folder of profiles says nothing of the login beside it
        others.append(Trouble(entry.id, error.problem, host.show(error.path), error.detail, str(error.path)))
    login = _login(at, entry, folder / ".credentials.json", platform)
    if login and variable:
        login = login._replace(relogin=f"{variable}={shlex.quote(str(folder))} {LOGIN}")
    if not (others and login and login.evidence is Evidence.ABSENT):  # the program uses one of the others
        yield from _shown(host, login)
    yield from others
    yield from mcp_claude_code.observe(StorePlace.of(host, entry), folder / ".credentials.json")


def _shown(host: Host, login: Observation | None) -> Iterator[Observation]:
    if login:
        yield login._replace(store=host.show(Path(login.host_path)))


def _folder(host: Host, ask: bool) -> tuple[str, Path]:
    """The folder of the login file, and the variable that moved it."""
    for name in ("CLAUDE_SECURESTORAGE_CONFIG_DIR", "CLAUDE_CONFIG_DIR") if ask else ():
        if moved := host.env(name):
            return name, host.path(moved)
    return "", host.path("~/.claude")


def _login(host: Host, entry: SourceEntry, path: Path, platform: str) -> Observation | None:
    """What the login file says; None where nothing is installed and nothing expected."""
    who = Credential(entry.id, "-", "anthropic", "claude-code:default", Kind.OAUTH)
    blank = Observation(who, host_path=str(path), relogin=LOGIN)
    try:
        stored = host.json(path)
        if stored is None and not host.exists(path):
            return _absent(host, entry, blank._replace(evidence=Evidence.ABSENT), platform)
        return _read(host, stored, blank, path)
    except Unreadable as error:
        return blank._replace(problem=error.problem, notes=(error.detail,))


def _absent(host: Host, entry: SourceEntry, gone: Observation, platform: str) -> Observation | None:
    """No file: macOS keeps the login in its keychain, elsewhere it matters only if somebody named the place."""
    if "path" not in entry.options and platform == "darwin" and host.is_dir(Path(gone.host_path).parent):
        notes = ("the login is in the macOS keychain, which is not read",)
        return gone._replace(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN, notes=notes)
    return gone if entry.options else None


def _read(host: Host, stored: Any, blank: Observation, path: Path) -> Observation:
    if not isinstance(stored, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    login = stored.get("claudeAiOauth")
    if login is None:
        return blank._replace(evidence=Evidence.ABSENT)
    if not isinstance(login, Mapping):
        raise Unreadable(Problem.PARSE, path, "claudeAiOauth is not an object")
    access, refresh = _token(login, "accessToken", path), _token(login, "refreshToken", path)
    ends = blank._replace(login_expires_at=_login_end(login.get("refreshTokenExpiresAt")))
    if not access and not refresh:
        if access is None and refresh is None:
            return blank._replace(evidence=Evidence.ABSENT)
        return ends._replace(evidence=Evidence.BLANKED, refreshable=False, notes=_reason(login))
    if login.get("scopes") == []:
        notes = ("the login has no scopes, which Claude Code counts as logged out",)
        return blank._replace(evidence=Evidence.ABSENT, notes=notes)
    try:
        expires = moment(login.get("expiresAt"))
    except ValueError:
        raise Unreadable(Problem.PARSE, path, "expiresAt is no moment") from None
    host.offer(blank.credential, access or "")
    return ends._replace(
        access_expires_at=expires,
        refreshable=bool(refresh),
        fingerprint=host.fingerprint(refresh or access or ""),
        notes=("expiresAt is in seconds, it should be in milliseconds",) if seconds(login.get("expiresAt")) else (),
    )


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
    return (f"login ended: {why}",) if isinstance(why, str) and _WORD.fullmatch(why) else ()


def _from_environment(host: Host, entry: SourceEntry) -> Iterator[Observation]:
    """A setup-token: lives a year from a day that is written nowhere."""
    token = (host.env("CLAUDE_CODE_OAUTH_TOKEN") or "").strip()
    if token:
        who = Credential(entry.id, "-", "anthropic", "claude-code:env", Kind.TOKEN)
        host.offer(who, token)
        yield Observation(
            who,
            refreshable=False,
            fingerprint=host.fingerprint(token),
            store="$CLAUDE_CODE_OAUTH_TOKEN",
            from_file=False,
            relogin=SETUP_TOKEN,
        )
