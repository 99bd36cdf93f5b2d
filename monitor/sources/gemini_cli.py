"""Gemini CLI: its Google login in `.gemini/oauth_creds.json` or a keychain, and the API keys that it may use instead.

`security.auth.selectedType` in `settings.json` selects the credential, and there is no fallback. The system's settings
come first, then the user's, then the system's defaults. As of version 0.61.0: `oauth-personal` uses the login.
`gemini-api-key` uses GEMINI_API_KEY from the environment, else from `~/.gemini/.env` (or from `~/.env` if there is no
such file), else the key in its keychain. `vertex-ai` uses GOOGLE_API_KEY from the same places, else the application
default credentials. If nothing is selected, a variable in the environment decides; one in a `.env` does not. With
GEMINI_FORCE_ENCRYPTED_FILE_STORAGE, the login moves to the keychain or to the encrypted `gemini-credentials.json`, and
the plain file is deleted. A logout also removes the account from `google_accounts.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.settings_files import dotenv, settings, told
from monitor.sources.store_files import StorePlace, secret, unread
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

#: It asks for a login by itself, and is the agent after that; there is no command for the login alone. With the
#: variable it shows an address and takes a code, so that the browser may be on another machine.
LOGIN: Final = "NO_BROWSER=true gemini"
LOCATIONS: Final = (
    LocationVariable("GEMINI_CLI_HOME"),
    LocationVariable("GEMINI_FORCE_ENCRYPTED_FILE_STORAGE", LocationValue.NAME),
)
SYSTEM: Final = "/etc/gemini-cli/settings.json"
DEFAULTS: Final = "/etc/gemini-cli/system-defaults.json"

OAUTH: Final = "oauth-personal"
#: The variable that each selected way takes its key from; a way that is not here uses none of ours.
KEYS: Final = {"gemini-api-key": "GEMINI_API_KEY", "gateway": "GEMINI_API_KEY", "vertex-ai": "GOOGLE_API_KEY"}
#: What selects where no settings do, in this order; the switches only by `true`.
VARIABLES: Final = {
    "GOOGLE_GENAI_USE_GCA": OAUTH,
    "GOOGLE_GENAI_USE_VERTEXAI": "vertex-ai",
    "GOOGLE_GEMINI_BASE_URL": "gateway",
    "GEMINI_API_KEY": "gemini-api-key",
    "GEMINI_CLI_USE_COMPUTE_ADC": "compute-default-credentials",
}
STORED: Final = "API key in the keychain"
ELSEWHERE: Final = "application default credentials"
LADDER: Final = (
    "$GEMINI_API_KEY",
    "GEMINI_API_KEY in .env",
    STORED,
    "$GOOGLE_API_KEY",
    "GOOGLE_API_KEY in .env",
    ELSEWHERE,
    "oauth_creds.json",
)
CONSUMER: Final = "Google refuses such logins of consumers since 18 Jun 2026; those with a paid Code Assist work"
IDLE: Final = "Google voids a refresh token that was not used for six months"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login and the keys. The option `path` names a login alone, whatever is selected."""
    place = StorePlace.of(host, entry)
    folder = place.folder("GEMINI_CLI_HOME", "~") / ".gemini"
    path = place.file(folder / "oauth_creds.json")
    login = tuple(_login(place, folder, path))
    if "path" in entry.options:
        yield from login
        return
    said: list[Finding] = []
    places, passed = _keys(place, folder, said)
    places["oauth_creds.json"] = Place(login, passed=passed)
    yield from line_up(entry.id, "google", LADDER, places)
    yield from said
    if place.host.exists(folder):
        from monitor.sources import mcp_gemini_cli  # costs half a bare interpreter

        yield from mcp_gemini_cli.observe(place, folder)


def _login(place: StorePlace, folder: Path, path: Path) -> Iterator[Observation]:
    blank = place.blank("google", "gemini-cli:oauth", Kind.OAUTH, path, LOGIN)
    try:
        stored = place.host.json(path)
        if stored is not None or place.host.exists(path):
            yield _read(place.host, stored, blank, path)
        elif "path" not in place.entry.options and (moved := _moved(place, folder)):
            yield blank._replace(evidence=Evidence.HIDDEN, problem=moved)
        elif place.expected:
            yield blank._replace(evidence=Evidence.ABSENT)
    except Unreadable as error:
        yield unread(blank, error)


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
    notes = (CONSUMER, IDLE) if refresh else (CONSUMER,)
    return blank._replace(access_expires_at=expires, refreshable=bool(refresh), fingerprint=print_of, notes=notes)


def _moved(place: StorePlace, folder: Path) -> Problem | None:
    """Where the login went that is no longer in the plain file; None where nothing speaks for one."""
    if place.host.exists(folder / "gemini-credentials.json"):
        return Problem.ENCRYPTED
    forced = place.env("GEMINI_FORCE_ENCRYPTED_FILE_STORAGE") == "true"
    if (forced and place.host.is_dir(folder)) or _active(place.host, folder):
        return Problem.KEYCHAIN
    return None


def _active(host: Host, folder: Path) -> bool:
    try:
        accounts = host.json(folder / "google_accounts.json")
    except Unreadable:
        return False
    return isinstance(accounts, Mapping) and bool(accounts.get("active"))


def _keys(place: StorePlace, folder: Path, said: list[Finding]) -> tuple[dict[str, Place], str]:
    """The keys by their places, and why the login is passed over, "" where it is not."""
    own = folder / "settings.json"
    layers = [(path, settings(place, path, said)) for path in (Path(SYSTEM), own, Path(DEFAULTS))]
    way, by = told(layers, "security", "auth", "selectedType")
    selected = f"{way} is selected in {place.outer.show(by)}"
    if not way and said:
        return {}, ""  # what is selected cannot be seen: the login is judged by itself
    if not way and (found := _by_variable(place)):
        way, variable = found
        selected = f"${variable} selects {way}"
    name = KEYS.get(way, "")
    file = folder / ".env"
    if name and not place.host.exists(file):
        file = folder.parent / ".env"
    variables = dotenv(place, file, said)
    passed = selected if way else f"nothing is selected in {place.outer.show(own)}"
    places: dict[str, Place] = {}
    for one in dict.fromkeys(KEYS.values()):
        outer = place.env(one) if one == name else ""
        if outer:
            seen = place.blank("google", f"gemini-cli:{one}", Kind.API_KEY, file)
            seen = seen._replace(store=f"${one}", host_path="", from_file=False)
            places[f"${one}"] = Place((_key(place, seen, outer),))
        if value := variables.get(one, ""):
            found_key = _key(place, place.blank("google", f"gemini-cli:{one}", Kind.API_KEY, file), value)
            lies = Place((found_key,), passed="" if one == name else passed, at=found_key.store)
            places[f"{one} in .env"] = Place(switch=True, at=lies.at) if outer else lies
    if name == "GEMINI_API_KEY" and not places.get(f"${name}") and not places.get(f"{name} in .env"):
        blank = place.blank("google", f"gemini-cli:{name}", Kind.API_KEY, folder / "gemini-credentials.json")
        there = place.host.exists(folder / "gemini-credentials.json")
        hidden = blank._replace(
            evidence=Evidence.HIDDEN,
            problem=Problem.ENCRYPTED if there else Problem.KEYCHAIN,
            notes=(f"{selected}, but no file has it: it is in the keychain or in a shell's environment",),
        )
        places[STORED] = Place((hidden,))
    if way and way != OAUTH and name != "GEMINI_API_KEY":
        places[ELSEWHERE] = Place(switch=True)
    return places, selected if way not in ("", OAUTH) else ""


def _by_variable(place: StorePlace) -> tuple[str, str] | None:
    """What the environment selects where no settings do, and by which variable."""
    for name, way in VARIABLES.items():
        value = place.env(name)
        if value and (value == "true" or name.endswith(("_URL", "_KEY"))):
            return way, name
    return None


def _key(place: StorePlace, blank: Observation, value: str) -> Observation:
    """A key; one for Vertex AI is not offered, since Google's other services refuse it."""
    if blank.credential.profile.endswith("GOOGLE_API_KEY"):
        return blank._replace(refreshable=False, fingerprint=place.host.fingerprint(value))
    return secret(place.host, blank, value, place.env("GOOGLE_GEMINI_BASE_URL"))
