"""Reads a config file: JSON, JSON5 where JSON fails, and `$include` with bounds on depth, count and place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from alerts.dataclass import dataclass, field
from monitor.host import MAX_DEPTH, Host, Unreadable
from monitor.model import Problem
from monitor.openclaw.json5 import parse

MAX_INCLUDES: Final = 64
MAX_NESTING: Final = 10
MAX_CONFIG: Final = 1024 * 1024


@dataclass(slots=True)
class Reader:
    """One config with everything it includes; raises Unreadable for the first part that cannot be read."""

    host: Host
    roots: tuple[Path, ...]
    count: int = field(default=0, init=False)

    def read(self, path: Path, depth: int = 0) -> Any:
        """The value of a config file with its includes merged in; None when the file is not there."""
        self.count += 1
        if self.count > MAX_INCLUDES or depth > MAX_NESTING:
            raise Unreadable(Problem.TOO_LARGE, path, "too many or too deeply nested $include")
        raw = self.host.read(path, MAX_CONFIG)
        if raw is None:
            return None
        return self._merged(parse(raw.decode("utf-8-sig", "replace"), path), path, depth, 0)

    def _merged(self, value: Any, path: Path, depth: int, level: int) -> Any:
        if level > MAX_DEPTH:
            raise Unreadable(Problem.PARSE, path, "nested too deeply")
        if isinstance(value, list):
            return [self._merged(item, path, depth, level + 1) for item in value]
        if not isinstance(value, dict):
            return value
        rest = {k: self._merged(v, path, depth, level + 1) for k, v in value.items() if k != "$include"}
        if "$include" not in value:
            return rest
        names = value["$include"]
        merged: Any = {}
        for name in names if isinstance(names, list) else [names]:
            merged = deep(merged, self._included(name, path, depth))
        return deep(merged, rest) if rest else merged

    def _included(self, name: Any, path: Path, depth: int) -> Any:
        if not isinstance(name, str) or not name.strip() or "\0" in name:
            raise Unreadable(Problem.PARSE, path, "$include is not a file name")
        target = path.parent / name
        real = self.host.real(target)
        if not any(real.is_relative_to(self.host.real(root)) for root in self.roots):
            raise Unreadable(Problem.UNREADABLE, path, "$include leaves the config folder")
        found = self.read(target, depth + 1)
        if found is None:
            raise Unreadable(Problem.NOT_FOUND, target, "an included config file is not there")
        return found


def deep(under: Any, over: Any) -> Any:
    """Objects merged key by key, lists joined, anything else replaced by `over`."""
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{k: deep(under[k], v) if k in under else v for k, v in over.items()}}
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *over]
    return over
