"""What a terminal shows after what a program wrote to it, and the token on it; PURE. As much of a terminal as the
programs that log in use: words placed by cursor moves, lines that are erased and drawn again.

pyte, a whole terminal, would be one more dependency and cost three bare interpreters to import.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Sequence
from typing import Final

from monitor.openclaw.auth_profiles import SETUP_TOKEN

#: Wide enough that no program breaks a token or an address into lines.
COLUMNS: Final = 400
ROWS: Final = 100

_PART: Final = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])"  # 1, 2: a control sequence
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|(?=\x1b[^\\]))"  # a string for the terminal: titles, links, queries
    r"|\x1b[ -/]+[0-~]|\x1b([0-OQ-WYZ\\`-~])"  # 3: a short one
    r"|([\x00-\x1a\x1c-\x1f\x7f])"  # 4
    r"|([^\x00-\x1f\x7f]+)"  # 5
)
_BEGUN: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z")
_LONGEST: Final = 16_384  # of a sequence that is not complete yet
_SECRET: Final = re.compile(r"\bsk-ant-")
_TOKEN: Final = re.compile(rf"{SETUP_TOKEN}[\w-]+", re.ASCII)
_REST: Final = re.compile(r"[\w-]+", re.ASCII)
_FRAME: Final = "│┃|"


class Screen:
    """A terminal of a fixed size, fed with bytes in parts of any size."""

    def __init__(self, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self._columns, self._rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._saved = (0, 0)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._begun = ""

    def feed(self, part: bytes) -> None:
        """Shows what a program wrote."""
        text, at = self._begun + self._decode(part), 0
        self._begun = ""
        while at < len(text):
            found = _PART.match(text, at)
            if found:
                self._show(found)
                at = found.end()
            elif len(text) - at < _LONGEST and _BEGUN.match(text, at):
                self._begun = text[at:]
                return
            else:
                at += 1  # an escape that begins nothing

    def lines(self) -> list[str]:
        """The rows as text, without the blanks at their ends."""
        return ["".join(row).rstrip() for row in self._cells]

    def _show(self, part: re.Match[str]) -> None:
        numbers, control, short, single, text = part.groups()
        if text:
            self._write(text)
        elif single:
            self._single(single)
        elif short:
            self._short(short)
        elif control:
            found = [int(number) if number.isdecimal() else 0 for number in numbers.split(";")[:2]]
            if len(numbers) <= 16:  # a longer one is no move
                self._control(control, [*found, 0])

    def _write(self, text: str) -> None:
        while text:
            if self._column >= self._columns:
                self._column = 0
                self._down()
            here = text[: self._columns - self._column]
            self._cells[self._row][self._column : self._column + len(here)] = here
            self._column += len(here)
            text = text[len(here) :]

    def _single(self, key: str) -> None:
        if key == "\r":
            self._column = 0
        elif key in "\n\v\f":
            self._down()
        elif key == "\b":
            self._column = max(0, self._column - 1)
        elif key == "\t":
            self._to(self._row, (self._column // 8 + 1) * 8)

    def _short(self, key: str) -> None:
        if key == "7":
            self._saved = (self._row, self._column)
        elif key == "8":
            self._to(*self._saved)
        elif key in "DE":
            self._column = 0 if key == "E" else self._column
            self._down()
        elif key == "M":
            self._to(self._row - 1, self._column)

    def _control(self, key: str, numbers: Sequence[int]) -> None:
        first, row, column = numbers[0] or 1, self._row, self._column
        moves = {
            "A": (row - first, column),
            "B": (row + first, column),
            "C": (row, column + first),
            "D": (row, column - first),
            "E": (row + first, 0),
            "F": (row - first, 0),
            "G": (row, first - 1),
            "d": (first - 1, column),
            "H": (first - 1, (numbers[1] or 1) - 1),
            "f": (first - 1, (numbers[1] or 1) - 1),
        }
        if key in moves:
            self._to(*moves[key])
        elif key in "JK":
            self._erase(key, numbers[0])

    def _erase(self, key: str, how: int) -> None:
        """To the end (0), from the beginning (1) or all (2), of the line and with J of the screen."""
        begins, ends = (0 if how else self._column), (self._column + 1 if how == 1 else self._columns)
        row = self._cells[self._row]
        row[begins:ends] = " " * (min(ends, self._columns) - min(begins, self._columns))
        if key == "J":
            others = (range(self._row + 1, self._rows), range(self._row), range(self._rows))[min(how, 2)]
            for number in others:
                self._cells[number] = [" "] * self._columns

    def _to(self, row: int, column: int) -> None:
        self._row = min(max(row, 0), self._rows - 1)
        self._column = min(max(column, 0), self._columns - 1)

    def _down(self) -> None:
        if self._row < self._rows - 1:
            self._row += 1
        else:
            del self._cells[0]
            self._cells.append([" "] * self._columns)


def token_on(lines: Sequence[str]) -> str | None:
    """The last setup-token of Claude Code on a screen, lines into which it was broken put together again."""
    for at in range(len(lines) - 1, -1, -1):
        on_line = list(_TOKEN.finditer(lines[at]))
        if not on_line:
            continue
        found = on_line[-1]
        whole = found[0]
        if found.end() == len(lines[at]):
            for line in lines[at + 1 :]:
                if not _REST.fullmatch(line.strip()) or len(line) - len(line.lstrip()) not in (found.start(), 0):
                    break
                whole += line.strip()
        return whole
    return None


def token_begun(lines: Sequence[str]) -> bool:
    """Whether a secret of Anthropic stands on a screen, whole or not."""
    return any(_SECRET.search(line) for line in lines)


def readable(lines: Sequence[str], before: Collection[str]) -> list[str]:
    """The lines with words that were not there `before`, for a terminal of any width: frames, spinners and what is
    typed into a field left out, and everything from a secret on."""
    found: list[str] = []
    for line in lines:
        if _SECRET.search(line):
            break
        text = re.sub(r"^[\W_]+", "", line)
        if text and text not in before and not line.lstrip().startswith(tuple(_FRAME)):
            found.append(text)
    return found
