"""One message as text, Markdown or HTML, and foreign text made safe for each medium: these, a terminal, a plugin, a
calendar (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from alerts.model import Level  # who only shows text needs no record of a notification

#: Bytes of a body: below the 4096 of ntfy and Telegram. What does not fit is counted.
LIMIT: Final = 3500
#: Where all of it is.
ALL: Final = "authwatch status"
#: Control, format (direction overrides, invisible marks), surrogate and private characters; line separators.
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ELLIPSIS: Final = "…"

# As few as CommonMark allows: Slack and some others show the backslash. An underscore within a word marks nothing.
_MARKS = re.compile(r"([\\`*\[\]<>~]|(?<![^\W_])_|_(?![^\W_])|&(?=[#\w]))")
_STARTS = re.compile(r"^([-+=#]|\d+(?=[.)]))")


class PhoneNote(NamedTuple):
    """Where one condition is pinned on a phone: an id that tells nothing, and buttons as (label, shell command)."""

    id: str
    buttons: tuple[tuple[str, str], ...] = ()


class Note(NamedTuple):
    """One condition for a channel that shows each by itself; `over`: it is to disappear."""

    pin: PhoneNote
    subject: str
    text: str
    level: Level
    over: bool = False


class Block(NamedTuple):
    """One condition in clean words: a call, what it is about, sentences, a command to copy; none has a line break."""

    call: str
    name: str
    lines: tuple[str, ...]
    command: str = ""


class Form(NamedTuple):
    """How a block and a line of our own are written, and what stands between two that belong together."""

    block: Callable[[Block], str]
    line: Callable[[str], str]
    gap: str


class Message(NamedTuple):
    """One message; `level` is the worst it speaks of (fine: good news only).

    `blocks` are its conditions, the most urgent first, `total` counts those that were left out as well. `notes` say the
    same, one condition each, for the channels that were asked for with pins.
    """

    subject: str
    blocks: tuple[Block, ...]
    total: int
    foot: str
    level: Level
    notes: tuple[Note, ...] = ()

    @property
    def text(self) -> str:
        """The body as plain text."""
        return self.body(TEXT)

    @property
    def markdown(self) -> str:
        """The body in Markdown (CommonMark)."""
        return self.body(MARKDOWN)

    @property
    def html(self) -> str:
        """The body in HTML."""
        return self.body(HTML)

    def body(self, form: Form, fits: Callable[[str], bool] = lambda body: True) -> str:
        """The longest body within LIMIT that `fits`: the least urgent conditions go first and are counted, then the
        lines of the most urgent one. A command is there as it is, or not at all."""
        bodies = (body for body in self._bodies(form) if len(body.encode()) <= LIMIT and fits(body))
        return next(bodies, form.line(ALL))

    def _bodies(self, form: Form) -> Iterator[str]:
        """Ever shorter ones."""
        parts, foot = [form.block(one) for one in self.blocks], form.line(self.foot)
        for count in range(len(parts), 0, -1):
            left = self.total - count
            more = [form.line(f"… and {left} more: {ALL}")] if left else []
            yield "\n\n".join([*parts[:count], *more, foot])
        for one in _shortened(self.blocks[0]) if parts else ():
            others = f"… and {self.total - 1} more: {ALL}" if self.total > 1 else f"… all of it: {ALL}"
            more = [form.line(others)] if self.total > 1 or one != self.blocks[0] else []
            yield form.gap.join([form.block(one), *more])


def _shortened(block: Block) -> Iterator[Block]:
    """With ever fewer lines; the command is the last but one to go, before the head."""
    for command in dict.fromkeys((block.command, "")):
        for count in range(len(block.lines), -1, -1):
            yield block._replace(lines=block.lines[:count], command=command)


def _text(block: Block) -> str:
    head = (f"{block.call}: {block.name}",) if block.call else ()
    todo = ("What to do:", block.command) if block.command else ()
    return "\n".join((*head, *block.lines, *todo))


def _markdown(block: Block) -> str:
    head = (f"**{markdown(block.call)}: {markdown(block.name)}**",) if block.call else ()
    todo = (f"What to do:\n{markdown_code(block.command)}",) if block.command else ()
    return "\n\n".join((*head, *map(markdown, block.lines), *todo))


def _html(block: Block) -> str:
    head = (f"<b>{hypertext(block.call)}: {hypertext(block.name)}</b>",) if block.call else ()
    todo = f"<p>What to do:</p><pre>{hypertext(block.command)}</pre>" if block.command else ""
    return f"<p>{'<br/>'.join((*head, *map(hypertext, block.lines)))}</p>{todo}"


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
    import html  # its table of entities is for those who make a message

    return html.escape(text, quote=True)


def visible(text: str) -> str:
    """Text for a terminal: every character that could steer it shown as an escape; a joiner is part of what is seen."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode() if _unsafe(c) and c != "\u200d" else c for c in text)


def plugin_line(text: str) -> str:
    """One line of a monitoring plugin, in which a bar begins the perfdata."""
    return visible(text).replace("|", "/")


def calendar_text(text: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11), in which no control character but the line feed may be."""
    shown = "".join(char for char in text if char == "\n" or char.isprintable())
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        shown = shown.replace(plain, escaped)
    return shown


def _unsafe(character: str) -> bool:
    return unicodedata.category(character) in UNSAFE


def _clip(text: str, limit: int) -> str:
    room = max(0, limit - len(ELLIPSIS.encode()))
    return text.encode()[:room].decode(errors="ignore").rstrip() + ELLIPSIS


TEXT: Final = Form(_text, str, "\n")
MARKDOWN: Final = Form(_markdown, markdown, "\n\n")
HTML: Final = Form(_html, lambda words: f"<p>{hypertext(words)}</p>", "\n")
