"""Gemini CLI: its Google login in `.gemini/oauth_creds.json`, and the traces of one that moved to a keychain.

Facts by version 0.61.0: with GEMINI_FORCE_ENCRYPTED_FILE_STORAGE the login moves to the keychain or to the encrypted
`gemini-credentials.json` and the plain file is deleted; a logout also takes the account out of `google_accounts.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources import mcp_gemini_cli
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

#: It asks for a login by itself, and is the agent after that; there is no command for the login alone. With the
#: variable it shows an address and takes a code, so that the browser may be on another machine.
LOGIN: Final = "NO_BROWSER=true gemini"
LOCATIONS: Final = (
    LocationVariable("GEMINI_CLI_HOME"),
    LocationVariable("GEMINI_FORCE_ENCRYPTED_FILE_STORAGE", LocationValue.NAME),
)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login. `home` and `path` options make it expected; with either, the environment is not asked."""
    ask = not entry.options
    at = host.at(host.path(entry.options["home"])) if "home" in entry.options else host
    folder = at.path((ask and host.env("GEMINI_CLI_HOME")) or "~") / ".gemini"
    path = host.path(entry.options["path"]) if "path" in entry.options else folder / "oauth_creds.json"
    who = Credential(entry.id, "-", "google", "gemini-cli:oauth", Kind.OAUTH)
    blank = Observation(who, store=host.show(path), host_path=str(path), relogin=LOGIN)
    try:
        stored = at.json(path)
        if stored is not None or at.exists(path):
            yield _read(at, stored, blank, path)
        elif "path" not in entry.options and (moved := _moved(at, folder, ask)):
            yield blank._replace(evidence=Evidence.HIDDEN, problem=moved)
        elif entry.options:
            yield blank._replace(evidence=Evidence.ABSENT)
    except Unreadable as error:
        yield blank._replace(problem=error.problem, notes=(error.detail,))
    yield from mcp_gemini_cli.observe(StorePlace.of(host, entry), folder)


def _read(host: Host, stored: Any, blank: Observation, path: Path) -> Observation:
    if not isinstance(stored, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    access, refresh = (stored.get(name) for name in ("access_token", "refresh_token"))
    if not all(token is None or isinstance(token, str) for token in (access, refresh)):
        raise Unreadable(Problem.PARSE, path, "a token is not a text")
    if not access and not refresh:
        empty = access is not None or refresh is not None
        return blank._replace(evidence=Evidence.BLANKED if empty else Evidence.ABSENT)
    try:
        expires = moment(stored.get("expiry_date"))
    except ValueError:
        raise Unreadable(Problem.PARSE, path, "expiry_date is no moment") from None
    print_of = host.fingerprint(refresh or access or "")
    return blank._replace(access_expires_at=expires, refreshable=bool(refresh), fingerprint=print_of)


def _moved(host: Host, folder: Path, ask: bool) -> Problem | None:
    """Where the login went that is no longer in the plain file; None where nothing speaks for one."""
    if host.exists(folder / "gemini-credentials.json"):
        return Problem.ENCRYPTED
    forced = ask and host.env("GEMINI_FORCE_ENCRYPTED_FILE_STORAGE") == "true"
    if (forced and host.is_dir(folder)) or _active(host, folder):
        return Problem.KEYCHAIN
    return None


def _active(host: Host, folder: Path) -> bool:
    try:
        accounts = host.json(folder / "google_accounts.json")
    except Unreadable:
        return False
    return isinstance(accounts, Mapping) and bool(accounts.get("active"))
