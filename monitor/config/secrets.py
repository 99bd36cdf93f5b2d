"""Variables and secret files: how `${VAR}` and the `_file` twins become texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from monitor.system.host import Host, Unreadable

MAX_SECRET: Final = 64 * 1024

_REFERENCE: Final = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]{0,127})\}|\$\{")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def fill(text: str, host: Host) -> str:
    """The text with `${VAR}` filled in (`$${` is a literal `${`); ValueError names the variables that are unset."""
    lacking = []

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            if match.group() == "${":
                raise ValueError("expected ${NAME}; write $${ for a literal ${")
            return "${"
        value = host.env(name)
        if not value:
            lacking.append(name)
        return value or ""

    filled = _REFERENCE.sub(one, text)
    if lacking:
        names = list(dict.fromkeys(lacking))
        what = f"variable {names[0]} is" if len(names) == 1 else f"variables {' and '.join(names)} are"
        raise ValueError(f"environment {what} not set")
    return filled


def place(text: str, host: Host, folder: Path) -> Path:
    """The file that a text names: absolute, `~/…`, a systemd credential, or relative to the config's folder."""
    if "://" in text:
        raise ValueError("expected a file, got an address; use the key without _file")
    if text == "~" or text.startswith("~/"):
        return host.path(text)
    credentials = host.env("CREDENTIALS_DIRECTORY")
    if credentials and host.exists(Path(credentials) / text):
        return Path(credentials) / text
    return folder / text


def read_secret(path: Path, host: Host) -> str:
    """The one line in a secret file; ValueError says what is wrong, with neither its content nor its path, which
    might be a secret written under the wrong key."""
    try:
        text = host.text(path, MAX_SECRET)
    except Unreadable as error:
        raise ValueError(f"cannot read this file: {error.detail}") from None
    if text is None:
        raise ValueError("no such file; write the secret to it, with mode 0600")
    return clean(text, "this file")


def clean(text: str, name: str) -> str:
    """The text without blanks around it; ValueError if nothing or more than a line is left."""
    bare = text.strip()
    if not bare:
        raise ValueError(f"{name} is empty")
    if _CONTROL.search(bare):
        raise ValueError(f"{name} has more than one line, or a control character")
    return bare
