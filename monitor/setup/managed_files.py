"""Files that authwatch writes for others to run: marked, replaced whole, and left alone once a person changed them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.system.atomic_write import write_whole
from monitor.system.files import why

if TYPE_CHECKING:
    from monitor.setup.user import User

_WORDS: Final = "authwatch wrote this; digest "
HEAD: Final = f"# {_WORDS}"


def marked(text: str) -> str:
    """The text with a first line that vouches for the rest."""
    return f"{HEAD}{_digest(text)}\n{text}"


def marked_xml(text: str) -> str:
    """An XML document with a last line that vouches for the rest; its declaration has to stay the first."""
    return f"{text}<!-- {_WORDS}{_digest(text)} -->\n"


def is_as_written(text: str) -> bool:
    """Whether nobody changed what `marked` or `marked_xml` made."""
    first, _, rest = text.partition("\n")
    head, _, last = text.removesuffix("\n").rpartition("\n")
    return marked(rest) == text or (first.startswith("<?xml") and bool(last) and marked_xml(f"{head}\n") == text)


def unchanged(texts: Mapping[Path, str], user: User, instead: str) -> bool:
    """Whether every file that is there already is as it was written; says which is not, and what to do `instead`."""
    changed = [path for path in texts if path.exists() and not is_as_written(read(path))]
    for path in changed:
        user.say(f"{user.shown(path)} was edited by hand, so it was not replaced; {instead}")
    return not changed


def put(texts: Mapping[Path, str], user: User) -> bool:
    """Writes every file whole, readable for all; says what was written, or what cannot be."""
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, [text.encode()], 0o644)
            user.say(f"wrote {user.shown(path)}")
    except OSError as error:
        user.say(f"{user.shown(error.filename or path)}: cannot write ({why(error)})")
        return False
    return True


def removed(paths: Sequence[Path], user: User, *, force: bool = False) -> bool:
    """Removes files that are as they were written, with `force` all; says what was removed, and what was kept."""
    kept = edited(paths) if not force else []
    for path in paths:
        if path not in kept:
            path.unlink(missing_ok=True)
            user.say(f"removed {user.shown(path)}")
    say_kept(kept, user)
    return not kept


def edited(paths: Sequence[Path]) -> list[Path]:
    """Those of our files that somebody changed by hand."""
    return [path for path in paths if not is_as_written(read(path))]


def say_kept(paths: Sequence[Path], user: User) -> None:
    """Says which files stay because they were changed."""
    for path in paths:
        user.say(f"kept {user.shown(path)}: it was edited by hand (--force removes it)")


def read(path: Path) -> str:
    """What the file says; nothing where it cannot be read."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
