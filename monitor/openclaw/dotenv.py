"""Reads `.env` files the way OpenClaw's loader does: export, quotes, comments, CRLF; blank values do not count."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=|:\s)\s*(.*)", re.DOTALL)


def parse(text: str) -> dict[str, str]:
    """The variables of a `.env` text that have a value; the last one of a name wins."""
    found: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        match = _NAME.fullmatch(line.strip())
        if match:
            value = _value(match[2])
            found.pop(match[1], None)
            if value.strip():
                found[match[1]] = value
    return found


def _value(text: str) -> str:
    quote = text[:1]
    if quote in ('"', "'", "`"):
        end = text.find(quote, 1)
        if end > 0:
            inner = text[1:end]
            return inner.replace("\\n", "\n") if quote == '"' else inner
    return text.split("#", 1)[0].strip()
