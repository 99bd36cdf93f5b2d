"""What programs are told beside their logins: settings in JSON with comments, and variables in `.env` files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from monitor.model import Finding, Trouble
from monitor.sources.json_with_comments import MOST, read
from monitor.sources.store_files import StorePlace
from monitor.system.host import Unreadable


def settings(place: StorePlace, path: Path, said: list[Finding]) -> Mapping[str, Any]:
    """The object in a file of JSON with comments; empty where there is none. One that cannot be read or understood is a
    trouble, added to `said`."""
    try:
        found = read(place.host, path)
    except Unreadable as error:
        said.append(trouble(place, error))
        return {}
    return found if isinstance(found, Mapping) else {}


def trouble(place: StorePlace, error: Unreadable) -> Trouble:
    """A file beside the logins that could not be read: what lies in them is judged without it."""
    shown = place.outer.show(error.path)
    return Trouble(place.entry.id, error.problem, shown, error.detail, host_path=str(error.path))


def told(layers: Iterable[tuple[Path, Mapping[str, Any]]], *names: str) -> tuple[str, Path]:
    """A text that the first of the layers has at a path of names, and the layer's file; "" where none has."""
    for path, layer in layers:
        value: Any = layer
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value, path
    return "", Path()


def dotenv(place: StorePlace, path: Path, said: list[Finding]) -> Mapping[str, str]:
    """The variables of a `.env` file that have a value."""
    try:
        text = place.host.text(path, MOST)
    except Unreadable as error:
        said.append(trouble(place, error))
        return {}
    if text is None:
        return MappingProxyType({})
    from monitor.openclaw.env import parse

    return parse(text)
