"""Untrusted text made safe for one place: a line, Markdown, HTML; PURE."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

#: Control, format (direction overrides, invisible marks), surrogate and private characters; line separators.
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ELLIPSIS: Final = "…"

# As few as CommonMark allows: Slack and some others show the backslash. An underscore within a word marks nothing.
_MARKS = re.compile(r"([\\`*\[\]<>~]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w]))")
_STARTS = re.compile(r"^([-+=#]|\d+(?=[.)]))")


def line(text: str, limit: int) -> str:
    """One line of at most `limit` bytes of UTF-8: unsafe characters become spaces, spaces become one."""
    kept = (" " if _unsafe(c) else c for c in text[: 4 * limit])
    flat = " ".join("".join(kept).split())
    cut = len(text) > 4 * limit
    return flat if not cut and len(flat.encode()) <= limit else _clip(flat, limit)


def fits(text: str, limit: int) -> bool:
    """Whether a command can be shown as it is: one line, nothing unsafe, at most `limit` bytes."""
    return len(text) <= limit and not any(map(_unsafe, text)) and len(text.encode()) <= limit


def markdown(text: str) -> str:
    """A line of text for a Markdown paragraph (CommonMark), shown as it is."""
    return _STARTS.sub(lambda m: m[1] + "\\" if m[1].isdigit() else "\\" + m[1], _MARKS.sub(r"\\\1", text))


def markdown_code(text: str) -> str:
    """A line of text as a fenced block whose fence is longer than any run of backticks in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def hypertext(text: str) -> str:
    """A line of text for HTML, in elements and in quoted attributes."""
    return html.escape(text, quote=True)


def _unsafe(character: str) -> bool:
    return unicodedata.category(character) in UNSAFE


def _clip(text: str, limit: int) -> str:
    room = max(0, limit - len(ELLIPSIS.encode()))
    return text.encode()[:room].decode(errors="ignore").rstrip() + ELLIPSIS
