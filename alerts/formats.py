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


class Form(NamedTuple):
    """How the first line, any other, a command and an address are written, and what stands between them."""

    first: Callable[[str], str]
    line: Callable[[str], str]
    command: Callable[[str], str]
    link: Callable[[str], str]
    gap: str


class Message(NamedTuple):
    """One message; `level` is the worst it speaks of (fine: good news only). All of it is clean words without breaks.

    `lines` say what to do and why, `run` where to run `command`, `remark` what else there is to know of it. `also` are
    the other conditions, a phrase each, the most urgent first; `left` counts those without one. `tail` are lines that
    anything else comes before, `link` is the address of the page. `notes` say the same, one condition each, for the
    channels that were asked for with pins.
    """

    subject: str
    lines: tuple[str, ...]
    level: Level
    run: str = ""
    command: str = ""
    remark: str = ""
    also: tuple[str, ...] = ()
    left: int = 0
    tail: tuple[str, ...] = ()
    link: str = ""
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
        """The longest body within LIMIT that `fits`: what matters least goes first, other conditions are counted, and
        it is said where all of it is. A command is there as it is, or not at all."""
        bodies = (body for body in self._bodies(form) if len(body.encode()) <= LIMIT and fits(body))
        return next(bodies, form.line(ALL))

    def _bodies(self, form: Form) -> Iterator[str]:
        """Ever shorter ones."""
        yield _written(self, form)
        for one in _shortened(self):
            yield _written(one, form, cut=True)


def _shortened(whole: Message) -> Iterator[Message]:
    """With ever less: the command is the last but one to go, before the first line."""
    short = whole
    for count in range(len(whole.tail) - 1, -1, -1):
        short = whole._replace(tail=whole.tail[:count])
        yield short
    for count in range(len(whole.also) - 1, -1, -1):
        short = short._replace(also=whole.also[:count], left=whole.left + len(whole.also) - count)
        yield short
    short = short._replace(link="", remark="")
    for shorter in (short, short._replace(run="", command="")) if short.command else (short,):
        for count in range(len(whole.lines), 0, -1):
            yield shorter._replace(lines=whole.lines[:count])
        if shorter.command:
            yield shorter._replace(lines=())


def _written(message: Message, form: Form, *, cut: bool = False) -> str:
    pieces = [form.first(line) if number == 0 else form.line(line) for number, line in enumerate(message.lines)]
    if message.command:
        pieces += [form.line(message.run), form.command(message.command)]
    if message.remark:
        pieces.append(form.line(message.remark))
    if message.also or message.left:
        more = [f"and {message.left} more: {ALL}"] if message.left else []
        others = f"Also: {'; '.join([*message.also, *more])}" if message.also else more[0].capitalize()
        pieces.append(form.line(others if more else f"{others}."))
    elif cut and not message.left:
        pieces.append(form.line(f"… all of it: {ALL}"))
    pieces += map(form.line, message.tail)
    if message.link:
        pieces.append(form.link(message.link))
    return form.gap.join(pieces)


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


TEXT: Final = Form(str, str, str, str, "\n")
MARKDOWN: Final = Form(lambda words: f"**{markdown(words)}**", markdown, markdown_code, markdown, "\n\n")
HTML: Final = Form(
    lambda words: f"<p><b>{hypertext(words)}</b></p>",
    lambda words: f"<p>{hypertext(words)}</p>",
    lambda command: f"<pre>{hypertext(command)}</pre>",
    lambda address: f'<p><a href="{hypertext(address)}">{hypertext(address)}</a></p>',
    "\n",
)
