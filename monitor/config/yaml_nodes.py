"""YAML as a tree of texts, lists and tables that know their lines.

PyYAML guesses types from how a scalar looks (`22:00` is 1320, `no` is False) and lets a second key win; here a scalar
stays a text, a second key is a problem, and anchors, tags and further documents are refused. Built from the events
of the pure parser (PyYAML is built without libyaml on Termux).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml

from monitor.config.errors import ErrorReport, below

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 12
MAX_NODES: Final = 20_000

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Text:
    """A scalar; `plain` if it was written without quotes. It may be a secret, so nothing shows what it says."""

    __slots__ = ("line", "plain", "text")

    def __init__(self, text: str, line: int, plain: bool = True) -> None:
        self.text, self.line, self.plain = text, line, plain

    @property
    def blank(self) -> bool:
        """Nothing was written (`key:`, `key: null`), which counts as not given."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Items(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int


class MappingNode(NamedTuple):
    """A mapping, in the order of the file, without duplicates."""

    entries: tuple[tuple[Text, Node], ...]
    line: int


Node = Text | Items | MappingNode


class _Refused(Exception):
    """Stops the reading at a line; `text` is ours."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


def compose(text: str, report: ErrorReport) -> Node | None:
    """The tree of a YAML text; None if it is empty or cannot be read, which is then in the report."""
    if len(text) > MAX_BYTES:
        report.add(1, "", f"more than {MAX_BYTES} characters, a config has a few hundred")
        return None
    try:
        return _Composer(text, report).document()
    except _Refused as error:
        report.add(error.line, "", error.text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        report.add(mark.line + 1 if mark is not None else 1, "", _advice(text, mark))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        report.add(line, "", "a character that YAML does not allow, write printable text")
    except (ValueError, OverflowError):  # numbers of escapes and directives that no character or version has
        report.add(1, "", "an escape or a directive that YAML does not allow")
    return None


def _advice(text: str, mark: Any) -> str:
    """What to do about a syntax error; never PyYAML's own words, which quote the file."""
    if mark is None:
        return "not YAML"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents this line, YAML wants spaces"
    return f"not YAML at column {mark.column + 1}, check indentation, quote texts with ': ', '#' or brackets"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _Composer:
    """One walk over the parser's events."""

    def __init__(self, text: str, report: ErrorReport) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._report = report
        self._count = 0

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Refused(_line(event), "a second document, only one is read")
                root = self._node(next(self._events), "", 0)
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        line = _line(event)
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_NODES:
            raise _Refused(line, f"nested deeper than {MAX_DEPTH} or longer than {MAX_NODES} entries")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Refused(line, "anchors and aliases (& and *) are not used here, quote a text that begins so")
        if event.tag is not None:
            raise _Refused(line, "tags (!) are not used here, quote a text that begins so")
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._items(path, depth + 1)), line)
        if isinstance(event, yaml.MappingStartEvent):
            return MappingNode(tuple(self._entries(path, depth + 1)), line)
        if _CONTROL.search(event.value):
            self._report.add(line, path, "holds a control character, write printable text")
        return Text(_CONTROL.sub("", event.value), line, event.style is None)

    def _items(self, path: str, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, path, depth)

    def _entries(self, path: str, depth: int) -> Iterator[tuple[Text, Node]]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, depth)
            if not isinstance(key, Text):
                raise _Refused(key.line, "a list or mapping as a key, keys are names")
            inside = below(path, key.text)
            value = self._node(next(self._events), inside, depth)
            if key.text in seen:
                first = seen[key.text]
                self._report.add(key.line, inside, f"given twice, first on line {first}; keep one")
                continue
            seen[key.text] = key.line
            yield key, value
