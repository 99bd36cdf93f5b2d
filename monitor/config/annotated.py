"""The effective settings as a config file that explains every key: what it means, its default, an example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from textwrap import wrap
from typing import Any, Final

import yaml

from monitor.config.schema import CONFIG, SOURCE, SourceShape
from monitor.config.settings import Settings
from monitor.config.shapes import Either, Keyed, KeyTable, Listing, Shape, TableKey
from monitor.config.show import BROKEN, HIDDEN, whole

HEAD: Final = """\
# The configuration of authwatch: every key, what it means, and its default. It can be saved as a config file.
# A line such as "#key: value" has no effect: it is an example, or a secret that is set but not shown, (hidden).
# To use such a line, remove its #, and write the secret in place of (hidden)."""


def annotated(settings: Settings) -> str:
    """The settings as YAML text with comments; what is not set, or secret, is commented out."""
    values = whole(settings)
    if not any(entry.chosen for entry in settings.sources):  # listed, they would be the only ones to be looked for
        values["sources"] = None
    return "\n".join([HEAD, *_table(CONFIG, values, "")])


def inner(shape: Shape) -> KeyTable | None:
    """The keys of each entry that a shape holds; None where it holds none."""
    if isinstance(shape, KeyTable):
        return shape
    if isinstance(shape, SourceShape):
        return SOURCE
    if isinstance(shape, Either):
        return inner(shape.table) if shape.table else None
    return inner(shape.of) if isinstance(shape, Listing | Keyed) else None


def flow(value: Any) -> str:
    """A value in YAML on one line."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).removesuffix("\n...\n").strip()


def told(key: TableKey) -> str:
    """What a key means, and what holds without it."""
    default = flow(key.default) if key.default is not None else key.unset
    return f"{key.means} Default: {default}." if default else key.means


def _table(table: KeyTable, values: Mapping[str, Any], pad: str) -> Iterator[str]:
    for words, same in groupby(table.fields.items(), lambda entry: told(entry[1])):
        group = list(same)
        name, key = group[0]
        if not pad or name != next(iter(table.fields)):
            yield ""
        yield from _comment(words, f"{pad}# ")
        if isinstance(key.shape, KeyTable) and (values.get(name) or not key.shape.need):
            yield f"{pad}{name}:"
            yield from _table(key.shape, values.get(name) or {}, f"{pad}  ")
            continue
        if keys := inner(key.shape):
            yield f"{pad}# {_HAS.get(type(key.shape), 'It has:')}"
            yield from _entries(keys, f"{pad}#   ")
        for one, its in group:
            yield from _indented(_written(one, its, values.get(one)), pad)


#: What the keys of an entry are introduced with.
_HAS: Final = {Either: "Each may be a mapping:", Listing: "Each has:", Keyed: "Each has:"}


def _entries(table: KeyTable, lead: str) -> Iterator[str]:
    """The keys of an entry, in comments."""
    for name, key in table.fields.items():
        yield from _comment(f"{name}: {told(key)}", lead)
        if keys := inner(key.shape):
            yield from _entries(keys, f"{lead}  ")


def _comment(text: str, lead: str) -> list[str]:
    return wrap(text, 100, initial_indent=lead, subsequent_indent=lead, break_on_hyphens=False)


def _written(name: str, key: TableKey, value: Any) -> list[str]:
    """A key with its value; commented out what is not set or hidden."""
    if value in (None, [], {}) and (value is None or key.default is None):
        example = key.example if key.default is None else key.default
        return _off(_dump({name: example}))
    if not _hidden(value):
        return _dump({name: value})
    parts: list[Any] = []
    if isinstance(value, Mapping):
        parts = [{label: one} for label, one in value.items()]
    elif isinstance(value, list):
        parts = [[one] for one in value]
    if all(map(_hidden, parts)):
        return _off(_dump({name: value}))
    pad = "  " if isinstance(value, Mapping) else ""
    lines = [f"{name}:"]
    for part in parts:
        shown = list(_indented(_dump(part), pad))
        lines += _off(shown) if _hidden(part) else shown
    return lines


def _hidden(value: Any) -> bool:
    """Whether there is a secret in it."""
    if isinstance(value, Mapping):
        return any(map(_hidden, value.values()))
    return any(map(_hidden, value)) if isinstance(value, list) else value in (HIDDEN, BROKEN)


def _dump(value: Any) -> list[str]:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110).rstrip().splitlines()


def _off(lines: Iterable[str]) -> list[str]:
    return [f"#{line}" for line in lines]


def _indented(lines: Iterable[str], pad: str) -> Iterator[str]:
    return (f"{pad}{line}" for line in lines)
