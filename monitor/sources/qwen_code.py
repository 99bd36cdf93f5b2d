"""Qwen Code: its login in `.qwen/oauth_creds.json`, and the API keys that it may use instead.

`security.auth.selectedType` in `settings.json` selects the credential. The system's settings come first, then the
user's, then the system's defaults. As of version 0.24.4: `qwen-oauth` uses the login. Every other type uses the
variable that the model names (`modelProviders`, `envKey`), else the one of its protocol, from the environment,
`.qwen/.env`, `~/.env` or `env` of the settings, else `security.auth.apiKey`. `expiry_date` is in milliseconds and may
be absent. Qwen ended its free tier for these logins on 2026-04-15, so a login may look healthy on disk and still not
work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.settings_files import dotenv, settings, told
from monitor.sources.store_files import StorePlace, json_store, secret, tokens
from monitor.system.host import Host

#: Menus for what came after such logins: a Coding Plan, or an API key.
LOGIN: Final = "qwen auth"
LOCATIONS: Final = (LocationVariable("QWEN_HOME"),)
ENDED: Final = "Qwen ended the free tier for such logins on 15 Apr 2026"
SYSTEM: Final = "/etc/qwen-code/settings.json"
DEFAULTS: Final = "/etc/qwen-code/system-defaults.json"

OAUTH: Final = "qwen-oauth"
#: The variable that each way of logging in takes its key from where the model names none.
KEYS: Final = {
    "openai": "OPENAI_API_KEY",
    "openai-responses": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "vertex-ai": "GOOGLE_API_KEY",
}
VARIABLE: Final = "the variable of the selected way"
DOTENV: Final = "the same in .env"
SETTING: Final = "the same in env of settings.json"
ELSEWHERE: Final = "application default credentials"
LADDER: Final = (VARIABLE, DOTENV, SETTING, "security.auth.apiKey in settings.json", ELSEWHERE, "oauth_creds.json")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login, and the key that serves instead. The option `path` names a login alone, whatever is selected."""
    place = StorePlace.of(host, entry)
    folder = place.folder("QWEN_HOME", "~/.qwen")
    path = place.file(folder / "oauth_creds.json")
    blank = place.blank("qwen", "qwen-code:oauth", Kind.OAUTH, path, LOGIN)
    noted = blank._replace(notes=(ENDED,))
    found = json_store(place, path, blank, lambda stored: [tokens(place.host, noted, stored, expires="expiry_date")])
    if "path" in entry.options:
        yield from found
        return
    said: list[Finding] = []
    login = tuple(one for one in found if isinstance(one, Observation))
    layers = [(at, settings(place, at, said)) for at in (Path(SYSTEM), folder / "settings.json", Path(DEFAULTS))]
    way, by = told(layers, "security", "auth", "selectedType")
    if way in ("", OAUTH):
        places: dict[str, Place] = {}
        passed = ""
    else:
        passed = f"{way} is selected in {place.outer.show(by)}"
        places = _keys(place, folder, way, passed, layers, said)
    places["oauth_creds.json"] = Place(login, passed=passed)
    yield from line_up(entry.id, "qwen", LADDER, places)
    yield from said


def _keys(
    place: StorePlace, folder: Path, way: str, selected: str, layers: list[tuple[Path, Any]], said: list[Finding]
) -> dict[str, Place]:
    """The key of a selected way in the first place that has it; where none does, it may be in a shell's environment."""
    names = [*_named_by_model(layers, way), *([KEYS[way]] if way in KEYS else [])]
    files = [(path, dotenv(place, path, said)) for path in (folder / ".env", place.host.home / ".env")]
    base = told(layers, "security", "auth", "baseUrl")[0]
    for name in names:
        blank = place.blank("qwen", f"qwen-code:{name}", Kind.API_KEY, folder)
        if value := place.env(name):
            seen = blank._replace(store=f"${name}", host_path="", from_file=False)
            return {VARIABLE: Place((secret(place.host, seen, value, base),), at=f"${name}")}
        for rung, value, path in (
            *((DOTENV, found.get(name, ""), path) for path, found in files),
            (SETTING, *told(layers, "env", name)),
        ):
            if value.strip():
                seen = place.blank("qwen", f"qwen-code:{name}", Kind.API_KEY, path)
                return {rung: Place((secret(place.host, seen, value, base),), at=f"{name} in {seen.store}")}
    value, path = told(layers, "security", "auth", "apiKey")
    if value.strip():
        seen = place.blank("qwen", "qwen-code:apiKey", Kind.API_KEY, path)
        return {LADDER[3]: Place((secret(place.host, seen, value, base),))}
    if way == "vertex-ai":
        return {ELSEWHERE: Place(switch=True)}
    name = names[0] if names else "apiKey"
    seen = place.blank("qwen", f"qwen-code:{name}", Kind.API_KEY, folder / "settings.json")
    where = f"{selected}, but no file has its key: it is in a shell's environment"
    return {VARIABLE: Place((seen._replace(evidence=Evidence.HIDDEN, notes=(where,)),))}


def _named_by_model(layers: list[tuple[Path, Any]], way: str) -> list[str]:
    """The variable that the selected model names."""
    model = told(layers, "model", "name")[0]
    for _, layer in layers:
        providers = layer.get("modelProviders")
        listed = providers.get(way) if isinstance(providers, Mapping) else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and one.get("id") == model and isinstance(name := one.get("envKey"), str):
                return [name] if name else []
    return []
