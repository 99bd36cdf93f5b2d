"""The profiles of Anthropic's own tools, `anthropic/credentials/NAME.json`, which Claude Code reads as well.

Facts by Claude Code 2.1.330: a profile is refreshed only where it or its config names a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Credential, Evidence, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources.timestamps import moment
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
