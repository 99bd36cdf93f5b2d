"""YAML as a tree of texts, lists and tables that know their lines.

PyYAML guesses types from how a scalar looks (`22:00` is 1320, `no` is False) and lets a second key win; here a scalar
stays a text, a second key is a problem, and tags and further documents are refused. An alias is the node of its
anchor, with the anchor's lines, and counts with all that it stands for. Built from the events of the pure parser
(PyYAML is built without libyaml on Termux).
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


class _Anchored(NamedTuple):
    """A node with an anchor: how many nodes it stands for, and how many levels are below it."""

    node: Node
    size: int
    height: int


class _Refused(Exception):
    """Stops the reading at a line; `text` is ours."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


def compose(text: str, report: ErrorReport) -> Node | None:
    """The tree of a YAML text; None if it is empty or cannot be read, which is then in the report."""
    if len(text) > MAX_BYTES:
        report.add(0, "", f"larger than {MAX_BYTES // 1024} KiB, which no config needs")
        return None
    try:
        return _Composer(text, report).document()
    except _Refused as error:
        report.add(error.line, "", error.text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        report.add(line, "", f"not valid YAML: {_advice(text, mark, error.problem or '')}", column)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1) + 1
        report.add(before.count("\n") + 1, "", "not valid YAML: this character is not allowed", column)
    except (ValueError, OverflowError):  # numbers of escapes and directives that no character or version has
        report.add(0, "", "not valid YAML: an escape (\\) or a directive (%) is not allowed")
    return None


#: What PyYAML's words begin with, and what to do. Its own words are never shown: they quote the file.
_ADVICE: Final = {
    "mapping values are not allowed": "': ' is not allowed here; check the indentation, or quote the text",
    "could not find expected ':'": "a ':' is missing after the key",
    "found unexpected end of stream": "a quote is not closed",
    "expected ',' or": "a bracket is not closed, or a comma is missing",
    "expected the node content": "a value or a closing bracket is missing",
    "expected <block end>": "check the indentation",
    "found unknown escape character": "no such escape in double quotes; write \\\\ for \\, or use single quotes",
    "found character": "quote a text that begins with @, ` or %",
}


def _advice(text: str, mark: Any, problem: str) -> str:
    """What to do about a syntax error."""
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "this line is indented with a tab; use spaces"
    found = next((words for begin, words in _ADVICE.items() if problem.startswith(begin)), None)
    return found or "check the indentation, and quote texts with ': ', '#' or brackets"


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _height(node: Node) -> int:
    """How many levels are below a node."""
    if isinstance(node, Text):
        return 0
    inner = node.items if isinstance(node, Items) else tuple(value for _, value in node.entries)
    return 1 + max(map(_height, inner), default=0)


class _Composer:
    """One walk over the parser's events."""

    def __init__(self, text: str, report: ErrorReport) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._report = report
        self._count = 0
        self._anchors: dict[str, _Anchored | None] = {}  # None while the node is still being read

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Refused(_line(event), "only one YAML document is allowed; remove the second one (---)")
                root = self._node(next(self._events), "", 0)
        return root

    def _node(self, event: Any, path: str, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor or "", line, depth)
        before = self._count
        self._grow(1 + len(getattr(event, "value", "")) // 100, depth, line)
        if event.tag is not None:
            raise _Refused(line, "tags (!) are not supported; quote a text that begins with !")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._built(event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, self._count - before, _height(node))
        return node

    def _built(self, event: Any, path: str, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(tuple(self._items(path, depth + 1)), line)
        if isinstance(event, yaml.MappingStartEvent):
            return MappingNode(tuple(self._entries(path, depth + 1)), line)
        if _CONTROL.search(event.value):
            self._report.add(line, path, "control characters are not allowed")
        return Text(_CONTROL.sub("", event.value), line, event.style is None)

    def _alias(self, name: str, line: int, depth: int) -> Node:
        if name not in self._anchors:
            raise _Refused(line, "this alias (*) has no anchor (&) before it; quote a text that begins with *")
        found = self._anchors[name]
        if found is None:
            raise _Refused(line, "this alias (*) is inside its own anchor (&)")
        self._grow(found.size, depth + found.height, line)
        return found.node

    def _grow(self, size: int, depth: int, line: int) -> None:
        """Counts nodes, a long text as several: what aliases stand for counts each time, so that a small file cannot
        become a large one."""
        self._count += size
        if depth > MAX_DEPTH:
            raise _Refused(line, f"nested deeper than {MAX_DEPTH} levels")
        if self._count > MAX_NODES:
            raise _Refused(line, f"more than {MAX_NODES} entries, aliases (*) included")

    def _items(self, path: str, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event, path, depth)

    def _entries(self, path: str, depth: int) -> Iterator[tuple[Text, Node]]:
        """The entries of a mapping: those merged into it first, unless it has the same key itself."""
        own: dict[str, tuple[Text, Node]] = {}
        merged: dict[str, tuple[Text, Node]] = {}
        seen: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, path, depth)
            if not isinstance(key, Text):
                raise _Refused(key.line, "expected a name as the key, got a list or a mapping")
            merge = key.plain and key.text == "<<"
            inside = path if merge else below(path, key.text)
            value = self._node(next(self._events), inside, depth)
            if key.text in seen:
                right = "write <<: [*a, *b]" if merge else "keep one"
                self._report.add(key.line, inside, f"given twice, first on line {seen[key.text]}; {right}")
                continue
            seen[key.text] = key.line
            if merge:
                merged = self._merged(value, path, key.line)
            else:
                own[key.text] = (key, value)
        yield from {**merged, **own}.values()

    def _merged(self, value: Node, path: str, line: int) -> dict[str, tuple[Text, Node]]:
        """The entries behind `<<`; of a list the first mapping that has a key gives it."""
        found: dict[str, tuple[Text, Node]] = {}
        for one in value.items if isinstance(value, Items) else (value,):
            if not isinstance(one, MappingNode):
                self._report.add(
                    line, path, "expected a mapping after <<, or a list of mappings, such as <<: *defaults"
                )
                return {}
            for key, inner in one.entries:
                found.setdefault(key.text, (key, inner))
        return found
