"""What a place in the config may hold: shapes that both check a node and describe themselves as JSON schema.

`words` of a shape go behind "expected": "a list such as [7d, 3d, 1d]". A `TableKey` adds what people are told of it.

Libraries for that know no lines of a file, and cost three (pydantic) to seven (jsonschema) bare interpreters to import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from monitor.config.errors import ErrorReport, below, nearest, one_of, quoted
from monitor.config.secrets import fill
from monitor.config.yaml_nodes import Items, MappingNode, Node, Text
from monitor.system.host import Host


class ReadContext(NamedTuple):
    """Where a reading happens: its report, the machine, the config's folder, and whether the file is trusted."""

    report: ErrorReport
    host: Host
    folder: Path
    trusted: bool = False


class Shape(Protocol):
    """`read` gives a value, or None after a problem went into the report; `schema` says the same as JSON schema."""

    def read(self, node: Node, path: str, site: ReadContext) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


class Values(NamedTuple):
    """The entries of a table that were given and sound; the rest is absent."""

    given: Mapping[str, Any]
    lines: Mapping[str, int]
    line: int
    path: str

    def get(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)

    def nested(self, name: str) -> Values:
        """A table within; empty if it was not given."""
        found = self.given.get(name)
        return found if isinstance(found, Values) else Values({}, {}, self.line, below(self.path, name))

    def line_of(self, name: str) -> int:
        return self.lines.get(name, self.line)


class Scalar(NamedTuple):
    """A text that matches `pattern` and that `parse` understands; `parse` raises ValueError with what is wrong."""

    words: str
    pattern: str
    parse: Callable[[str, ReadContext], Any] = lambda text, _: text
    json: Mapping[str, Any] = MappingProxyType({})

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if not isinstance(node, Text):
            return _unlike(node, self.words, path, site)
        try:
            text = fill(node.text, site.host)
            if not self.matches(text):
                raise ValueError(f"expected {self.words}{_got(node.text)}")
            return self.parse(text, site)
        except ValueError as error:
            site.report.add(node.line, path, str(error))
            return None

    def matches(self, text: str) -> bool:
        """Whether a text looks right; what it means may still be wrong."""
        return re.fullmatch(self.pattern, text, re.ASCII) is not None

    def schema(self) -> dict[str, Any]:
        return {"description": self.words, **(self.json or {"type": "string", "pattern": self.pattern})}


class Choice(NamedTuple):
    """One of a few words."""

    among: tuple[str, ...]

    @property
    def words(self) -> str:
        """What is expected."""
        return one_of(self.among)

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if not isinstance(node, Text):
            return _unlike(node, self.words, path, site)
        if node.text in self.among:
            return node.text
        hint = nearest(node.text, self.among)
        more = f"; {hint}" if hint.endswith("?") else _got(node.text)
        site.report.add(node.line, path, f"expected {self.words}{more}")
        return None

    def schema(self) -> dict[str, Any]:
        return {"description": self.words, "enum": list(self.among)}


class Raw(NamedTuple):
    """A text kept with its line and not filled in yet: what is wrong with a secret must not stop a check."""

    words: str

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        return node if isinstance(node, Text) and node.text else _unlike(node, self.words, path, site)

    def schema(self) -> dict[str, Any]:
        return {"description": self.words, "type": "string", "minLength": 1}


class Listing(NamedTuple):
    """A list, read as a tuple."""

    words: str
    of: Shape
    least: int = 0

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if not isinstance(node, Items):
            return _unlike(node, self.words, path, site)
        if len(node.items) < self.least:
            site.report.add(node.line, path, f"expected {self.words}, got an empty list")
        read = [self.of.read(item, f"{path}[{n}]", site) for n, item in enumerate(node.items)]
        return tuple(value for value in read if value is not None)

    def schema(self) -> dict[str, Any]:
        return {"description": self.words, "type": "array", "items": self.of.schema(), "minItems": self.least}


class Keyed(NamedTuple):
    """A table whose keys are names the user chooses, read as a dict."""

    words: str
    key: Scalar
    of: Shape
    least: int = 0

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if not isinstance(node, MappingNode):
            return _unlike(node, self.words, path, site)
        if len(node.entries) < self.least:
            site.report.add(node.line, path, f"expected {self.words}, got an empty mapping")
        return dict(self._entries(node, path, site))

    def _entries(self, node: MappingNode, path: str, site: ReadContext) -> Iterator[tuple[str, Any]]:
        for key, value in node.entries:
            inside = f"{path}.{key.text}"  # a sound name is public: it labels messages and metrics
            if not self.key.matches(key.text):
                site.report.add(key.line, below(path, key.text), f"not a valid name; expected {self.key.words}")
            elif (read := self.of.read(value, inside, site)) is not None:
                yield key.text, read

    def schema(self) -> dict[str, Any]:
        return {
            "description": self.words,
            "type": "object",
            "propertyNames": {"pattern": self.key.pattern},
            "additionalProperties": self.of.schema(),
            "minProperties": self.least,
        }


class TableKey(NamedTuple):
    """A key of a table: its shape, and what people are told of it.

    `means` is a sentence or two in plain English. `example` and `default` are written as YAML holds them; where there
    is no default, `unset` says what happens without the key.
    """

    shape: Shape
    means: str
    example: Any
    default: Any = None
    unset: str = ""

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        return self.shape.read(node, path, site)

    def schema(self) -> dict[str, Any]:
        """The shape's; `key:` with nothing behind it counts as not given."""
        default = {} if self.default is None else {"default": self.default}
        about = {"description": self.means, **default, "examples": [self.example]}
        return {**about, "anyOf": [self.shape.schema(), {"type": "null"}]}


class KeyTable(NamedTuple):
    """A table of known keys. Of each group in `need` exactly one key must be given, of each in `clash` at most one. A
    key that begins with `free` may hold anything and is not read."""

    words: str
    fields: Mapping[str, TableKey]
    need: tuple[tuple[str, ...], ...] = ()
    clash: tuple[tuple[str, ...], ...] = ()
    free: str = ""

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        if isinstance(node, Text) and node.blank and not self.need:
            return Values({}, {}, node.line, path)
        if not isinstance(node, MappingNode):
            return _unlike(node, self.words, path, site)
        given: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.entries:
            inside = below(path, key.text)
            if self.free and key.text.startswith(self.free):
                continue
            if key.text not in self.fields:
                site.report.add(key.line, inside, f"unknown key; {nearest(key.text, self.fields)}")
            elif not (isinstance(value, Text) and value.blank):
                lines[key.text] = key.line
                given[key.text] = self.fields[key.text].read(value, inside, site)
        self._groups(node, path, lines, site)
        return Values({k: v for k, v in given.items() if v is not None}, lines, node.line, path)

    def _groups(self, node: MappingNode, path: str, lines: Mapping[str, int], site: ReadContext) -> None:
        for group in self.need:
            if not any(name in lines for name in group):
                site.report.add(node.line, path, f"{' or '.join(group)} is missing")
        for group in (*self.need, *self.clash):
            both = [key for key, _ in node.entries if key.text in group]
            if len(both) > 1:
                names = " or ".join(key.text for key in both)
                site.report.add(both[1].line, path, f"expected either {names}, got both")

    def schema(self) -> dict[str, Any]:
        rules: list[dict[str, Any]] = [{"oneOf": [{"required": [name]} for name in group]} for group in self.need]
        rules += [{"not": {"required": list(group)}} for group in self.clash]
        return {
            "description": self.words,
            "type": "object" if self.need else ["object", "null"],
            "properties": {name: key.schema() for name, key in self.fields.items()},
            **({"patternProperties": {f"^{self.free}": {}}} if self.free else {}),
            "additionalProperties": False,
            **({"allOf": rules} if rules else {}),
        }


class Either(NamedTuple):
    """One shape or another, told apart by what is written there: a text, a list, a table."""

    words: str
    text: Shape | None = None
    items: Shape | None = None
    table: Shape | None = None

    def read(self, node: Node, path: str, site: ReadContext) -> Any:
        shape = {Text: self.text, Items: self.items, MappingNode: self.table}[type(node)]
        return _unlike(node, self.words, path, site) if shape is None else shape.read(node, path, site)

    def schema(self) -> dict[str, Any]:
        shapes = (self.text, self.items, self.table)
        return {"description": self.words, "anyOf": [shape.schema() for shape in shapes if shape]}


def _unlike(node: Node, words: str, path: str, site: ReadContext) -> None:
    found = {Text: "text", Items: "a list", MappingNode: "a mapping"}[type(node)]
    if isinstance(node, Text):
        found = "nothing" if node.blank else quoted(node.text) or found
    site.report.add(node.line, path, f"expected {words}, got {found}")


def _got(text: str) -> str:
    """What was written instead, where it may be repeated."""
    return f", got {shown}" if (shown := quoted(text)) else ""
