"""One message in the forms that channels want: text, Markdown, HTML; PURE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from alerts.dataclass import dataclass
from alerts.escape import hypertext, markdown, markdown_code
from alerts.model import Level

#: Bytes of a body: below the 4096 of ntfy and Telegram. What does not fit is counted.
LIMIT: Final = 3500
MORE_BYTES: Final = 60  # kept free for the line that counts


@dataclass(frozen=True, slots=True)
class Pin:
    """Where one condition is pinned on a phone: an id that tells nothing, and buttons as (label, shell command)."""

    id: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """One condition for a channel that shows each by itself; `over`: it is to disappear."""

    pin: Pin
    subject: str
    text: str
    level: Level
    over: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message in every form a channel may want; `level` is the worst it speaks of (fine: good news only).

    `notes` say the same, one condition each, for the channels that were asked for with pins.
    """

    subject: str
    text: str
    markdown: str
    html: str
    level: Level
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One condition in clean words: a call, what it is about, sentences, a command to copy; none has a line break."""

    call: str
    name: str
    lines: tuple[str, ...]
    command: str = ""


def write(subject: str, blocks: Sequence[Block], total: int, foot: str, level: Level) -> Message:
    """The message of these blocks, the most urgent first; `total` counts those that were left out as well."""
    return Message(
        subject=subject,
        text=_fit(map(_text, blocks), total, foot, "{}"),
        markdown=_fit(map(_markdown, blocks), total, markdown(foot), "{}"),
        html=_fit(map(_html, blocks), total, f"<p>{hypertext(foot)}</p>", "<p>{}</p>"),
        level=level,
    )


def _fit(parts: Iterable[str], total: int, foot: str, around: str) -> str:
    """The parts that fit into LIMIT bytes, at least one, how many did not, and the foot."""
    kept: list[str] = []
    size = len(foot.encode()) + MORE_BYTES
    for part in parts:
        size += len(part.encode()) + 2
        if kept and size > LIMIT:
            break
        kept.append(part)
    if len(kept) < total:
        kept.append(around.format(f"… and {total - len(kept)} more: authwatch status"))
    return "\n\n".join([*kept, foot])


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
