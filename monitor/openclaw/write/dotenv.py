"""Writes one variable into a `.env` file in place: comments and order kept, no duplicate, mode 0600."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from monitor.openclaw.env import assignments, parse
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE_END: Final = re.compile(r"\A(?:\r\n?|\n)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")


def put(path: Path, name: str, value: str) -> None:
    """Sets `name` to `value` in the file at `path`, which is made where it is missing; raises WriteRefused with the
    reason.

    The last line that sets the name is replaced and earlier ones are removed; a link is followed and stays a link.
    """
    if not _NAME.fullmatch(name):
        raise WriteRefused(f"invalid variable name {name!r}")
    if not value.strip() or any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise WriteRefused(f"the value of {name} is blank or contains a control character")
    real = target(path)
    old = content(real)
    try:
        text = (old or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise WriteRefused(f"{path}: not valid UTF-8 at byte {error.start}") from None
    new = _with(text, name, _quoted(name, value))
    if parse(new) != {**parse(text), name: value}:
        raise WriteRefused(f"cannot change {path} safely; nothing was written. Set {name} there by hand.")
    replace(real, old, new.encode())


def _with(text: str, name: str, value: str) -> str:
    mine = [one for one in assignments(text) if one.name == name]
    end = "\r\n" if "\r\n" in text else "\n"
    if not mine:
        gap = end if text and not text.endswith(("\n", "\r")) else ""
        return f"{text}{gap}{name}={value}{end}"
    last = mine[-1]
    rest = text[last.end :] or end
    new = f"{text[: last.start]}{'export ' if last.exported else ''}{name}={value}{rest}"
    for one in reversed(mine[:-1]):
        new = new[: one.start] + _LINE_END.sub("", new[one.end :], count=1)
    return new


def _quoted(name: str, value: str) -> str:
    """Bare where nothing can be mistaken, else in the first quotes that the value does not hold."""
    if _PLAIN.fullmatch(value):
        return value
    for quote in ("'", "`", '"'):
        if quote not in value and not (quote == '"' and "\\" in value):
            return f"{quote}{value}{quote}"
    raise WriteRefused(f"the value of {name} contains every kind of quote; nothing was written")
