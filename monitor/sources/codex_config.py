"""Where Codex keeps its login, by its `config.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from monitor.host import Host, Unreadable
from monitor.model import Problem

_PLACE: Final = re.compile(r"\(at (line \d+, column \d+)\)|\(at (end of document)\)")


def keeps_in(host: Host, path: Path) -> str:
    """`file`, `keyring`, `auto` (the keyring, else the file) or `ephemeral`: its setting cli_auth_credentials_store.
    Raises `Unreadable`."""
    found = settings(host, path).get("cli_auth_credentials_store", "file")
    return found if isinstance(found, str) else "file"


def settings(host: Host, path: Path) -> Mapping[str, Any]:
    """What its `config.toml` says; nothing where there is none.

    Raises `Unreadable`, with line and column but no text: some settings there hold secrets.
    """
    text = host.text(path)
    if text is None:
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        where = f": {place[1] or place[2]}" if place else ""
        raise Unreadable(Problem.PARSE, path, f"not TOML{where}") from None
