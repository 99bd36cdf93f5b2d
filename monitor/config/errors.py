"""What is wrong with a config file: lines of `file:line: path: what was expected, what was found`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: What may be a word of ours that was mistyped. Anything else under a key or path could be a secret that slipped.
_SHOWABLE: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
#: Values that are too short and plain to be a secret: numbers, spans, days, times of day and words for yes and no.
_HARMLESS: Final = re.compile(
    r"\d{1,4}( ?[A-Za-z]{1,7})?|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}:\d{1,2}|true|false|yes|no|on|off",
    re.ASCII | re.IGNORECASE,
)


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

    def add(self, line: int, path: str, text: str, column: int = 0) -> None:
        """One problem at a line and column, counted from 1; 0 for a problem of the whole file."""
        self._found.append((line, self.line(line, path, text, column)))

    def line(self, line: int, path: str, text: str, column: int = 0) -> str:
        """The text of a problem."""
        place = ":".join([self.file, *(str(number) for number in (line, column) if number)])
        return f"{place}: {path}: {text}" if path else f"{place}: {text}"

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
    return f"did you mean {close[0]}?" if close else f"expected {one_of(names)}"


def one_of(words: Sequence[str]) -> str:
    """The words as a choice: `a, b or c`."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def quoted(text: str) -> str:
    """The text as an error may repeat it; "" for one that could be a secret."""
    return f'"{text}"' if _HARMLESS.fullmatch(text) else ""
