"""What is wrong with a config file: lines of `file:line: path: what is wrong, what would be right`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: What may be a word of ours that was mistyped. Anything else under a key or path could be a secret that slipped.
_SHOWABLE: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")


class ConfigError(Exception):
    """The config cannot be used; `problems` are whole lines, free of any value that stands in the file."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ErrorReport:
    """Collects problems, so that one look shows them all."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, path: str, text: str) -> None:
        """One problem at a line, counted from 1."""
        self._found.append((line, self.line(line, path, text)))

    def line(self, line: int, path: str, text: str) -> str:
        """The text of a problem."""
        return f"{self.file}:{line}: {path or '-'}: {text}"

    def check(self) -> None:
        """Raises `ConfigError` with everything found, in the order of the file."""
        if self._found:
            raise ConfigError(dict.fromkeys(text for _, text in sorted(self._found)))


def below(path: str, key: str) -> str:
    """The path of a key; a key that looks like more than a word is not repeated."""
    shown = key if _SHOWABLE.fullmatch(key) else "(key)"
    return f"{path}.{shown}" if path else shown


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a mistyped word: the nearest known one, else all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(word.lower()[:64], names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"
